{% macro date_of_moment(moment_id) -%}
    {# The day of a `moment_id`. #}
    cast(
        date '1970-01-01' + cast({{ whole_quotient(moment_id, "4294967296") }} as integer) as date
    )
{%- endmacro %}
