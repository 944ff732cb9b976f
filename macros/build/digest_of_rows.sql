{% macro digest_of_rows() %}
    {# Order-independent digest of the current table's rows, as text; none when there are too many
       to read again. #}
    {% set many_rows = 3000000 %}
    {% if run_query("select count(*) from " ~ this)[0][0] > many_rows %}
        {{ return(none) }}
    {% endif %}
    {% set found = run_query(
        "select count(*), sum(hash(every_row)::hugeint)::varchar from " ~ this ~ " as every_row"
    )[0] %}
    {{ return(found[0] ~ " rows, " ~ found[1]) }}
{% endmacro %}
