{% macro rejected_rows(model, lines) -%}
    {#
        The query of the rejected rows of a table beside the events: the rows with a reject_reason
        of the model that reads its files, and its lines that could not be split.
    #}
    with unusable_rows as (
        select
            source_file,
            source_row,
            cast(null as ubigint) as line_number,
            coalesce(raw_line, raw_values) as raw_values,
            reject_reason as reason
        from {{ model }}
        where reject_reason is not null
    ),

    broken_lines as (
        {{ rejected_lines(model, lines) }}
    ),

    rejected as (
        select * from unusable_rows
        union all
        select * from broken_lines
    )

    select * from rejected
{%- endmacro %}
