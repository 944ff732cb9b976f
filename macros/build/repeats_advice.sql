{% macro repeats_advice(repeats, threshold) -%}
    {# What to do about a recall below popularity's: where repeat purchases would suffice to reach
       it, let them count. #}
    {%- set change = "set exclude: none and repeat_weight: 0.5" if var("exclude") != "none"
        else "set repeat_weight: 0.5" if var("repeat_weight") == 0
        else "raise repeat_weight" -%}
    case
        when {{ repeats }} >= {{ threshold }} and {{ repeats }} > 0
            then {{ as_percent(repeats) }}
                || ' of the held-out purchases repeat earlier ones: {{ change }}'
        else 'raise interactions_exponent; are user_id and user_session right?'
    end
{%- endmacro %}
