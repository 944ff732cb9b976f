{% macro whole_quotient(dividend, divisor) -%}
    {# A quotient of integers from 0 to 2^53, rounded down. #}
    {{- return(adapter.dispatch("whole_quotient", "longtail")(dividend, divisor)) -}}
{%- endmacro %}

{% macro default__whole_quotient(dividend, divisor) -%}
    cast(floor(({{ dividend }}) / ({{ divisor }})) as bigint)
{%- endmacro %}

{% macro duckdb__whole_quotient(dividend, divisor) -%}
    (({{ dividend }}) // ({{ divisor }}))
{%- endmacro %}
