{% macro rejected_lines(model, table="broken_lines") -%}
    {# The query of a model's lines that could not be split into columns, in the columns of its
       rejected rows. Runs after the model's hook keep_broken_lines, which writes the table. #}
    select
        source_file,
        cast(null as bigint) as source_row,
        line_number,
        raw_text as raw_values,
        'broken line: ' || error_type as reason
    from {{ model.schema }}.{{ table }}
{%- endmacro %}
