{% macro repeats_advice(repeats, otherwise) -%}
    {# What to do about a low recall: where most purchases repeat earlier ones, let them count. #}
    {%- set change = "set exclude: none and repeat_weight: 0.5" if var("exclude") != "none"
        else "set repeat_weight: 0.5" if var("repeat_weight") == 0 -%}
    case
        {%- if change %}
            when {{ repeats }} >= 0.5
                then {{ as_percent(repeats) }}
                    || ' of the held-out purchases repeat earlier ones: {{ change }}'
        {%- endif %}
        else {{ otherwise }}
    end
{%- endmacro %}
