{% macro key_of_largest(key, value, place, where=none) -%}
    {#
        Aggregate: the `key` of the row with the largest `value`, to 12 decimals; on equal values
        that of the smallest `place`. Places are below 16,384, keys below 2 ** 31, none negative.
    #}
    {{- return(adapter.dispatch("key_of_largest", "longtail")(key, value, place, where)) -}}
{%- endmacro %}

{% macro default__key_of_largest(key, value, place, where=none) -%}
    max_by({{ key }}, (round(1e12 * {{ value }}), -{{ place }}))
    {% if where %} filter (where {{ where }}) {% endif %}
{%- endmacro %}

{% macro duckdb__key_of_largest(key, value, place, where=none) -%}
    {# One integer: `max_by` of a struct takes three times as long. #}
    cast(
        max(
            cast(round(1e12 * {{ value }}) as hugeint) * 35184372088832
            + cast(16383 - {{ place }} as bigint) * 2147483648 + {{ key }}
        ) {% if where %} filter (where {{ where }}) {% endif %} & 2147483647
        as integer
    )
{%- endmacro %}
