{% macro arm_is_ranked(arm) -%}
    {# Whether the users of an arm get the ranker's lists. #}
    {{- return(ranker() != "off" and arm_var(arm, "ranker") not in ("off", false)) -}}
{%- endmacro %}
