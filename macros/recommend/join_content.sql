{% macro join_content(product_key) -%}
    {# Join `content`, with a row for each product that is known by its content, or nothing. #}
    {%- if content_columns() -%}
        left join {{ ref("int_content_neighbours") }} as content
            on {{ product_key }} = content.product_key and content.rank = 1
    {%- endif -%}
{%- endmacro %}
