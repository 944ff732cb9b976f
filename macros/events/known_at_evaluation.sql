{% macro known_at_evaluation(is_holdout="is_holdout") -%}
    {# Condition that a model may know an interaction when it is evaluated: at the cut for the
       holdout, at the end of the log for an external file of targets. #}
    {{- "true" if var("targets") else "not " ~ is_holdout -}}
{%- endmacro %}
