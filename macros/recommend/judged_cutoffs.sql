{% macro judged_cutoffs() -%}
    {# `judged_lengths` as a relation of one column. #}
    (values {% for k in judged_lengths() %}({{ k }}){{ ", " if not loop.last }}{% endfor %})
{%- endmacro %}
