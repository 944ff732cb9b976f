{% macro catalogue_rows() %}
    {#
        The query that reads the raw rows of the product catalogue: those of the files of the var
        `catalogue`, the demo's own, or none. Columns: the canonical ones as text, broken_reason,
        raw_line, source_file, source_row.
    #}
    {% if not var("events") and not var("catalogue") %}
        select
            *,
            {% for column, sql in content_columns().items() %}
                cast({{ sql }} as string) as {{ column }},
            {% endfor %}
            null as broken_reason,
            null as raw_line,
            'demo' as source_file,
            row_number() over (order by product_id) as source_row
        {% if content_columns() %}
            from (
                select
                    catalogue.*,
                    content.collection,
                    content.embedding
                from {{ ref("demo_catalogue") }} as catalogue
                inner join {{ ref("demo_content") }} as content
                    on catalogue.product_id = content.product_id
            )
        {% else %}
            from {{ ref("demo_catalogue") }}
        {% endif %}
    {% elif execute %}
        {{ longtail_package("scan_catalogue", run_request()) }}
    {% else %}
        select 1
    {% endif %}
{% endmacro %}
