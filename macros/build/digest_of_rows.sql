{% macro digest_of_rows() %}
    {# A text that the rows of the table at hand decide, in any order; none when they are too many
       to be read again for it. #}
    {% set many_rows = 3000000 %}
    {% if run_query("select count(*) from " ~ this)[0][0] > many_rows %}
        {{ return(none) }}
    {% endif %}
    {% set found = run_query(
        "select count(*), sum(hash(every_row)::hugeint)::varchar from " ~ this ~ " as every_row"
    )[0] %}
    {{ return(found[0] ~ " rows, " ~ found[1]) }}
{% endmacro %}
