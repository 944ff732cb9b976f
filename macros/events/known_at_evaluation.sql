{% macro known_at_evaluation(is_holdout="is_holdout") -%}
    {# Condition on an interaction: a model may know it when it is evaluated. An external file of
       targets is asked at the end of the log, the holdout at the cut. #}
    {{- "true" if var("targets") else "not " ~ is_holdout -}}
{%- endmacro %}
