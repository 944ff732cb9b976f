{% macro uses_group_knn() %}
    {# Whether `blend` gives weight to the groups most like a user's history. The check of vars,
       which says what is wrong with a `blend` that is no mapping, comes after parsing. #}
    {% set blend = var("blend") %}
    {{ return(blend is mapping and blend["group_knn"] | default(0, true) | float > 0) }}
{% endmacro %}
