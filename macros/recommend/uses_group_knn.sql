{% macro uses_group_knn() %}
    {# Whether `blend` gives weight to the groups most like a user's history. A `blend` that is no
       mapping must survive parsing: the check of vars comes later. #}
    {% set blend = var("blend") %}
    {{ return(blend is mapping and blend["group_knn"] | default(0, true) | float > 0) }}
{% endmacro %}
