{% macro join_content(product_key, name="content") -%}
    {# Join a relation, with a row for each product that is known by its content, or nothing. #}
    {%- if content_columns() -%}
        left join {{ ref("int_content_neighbours") }} as {{ name }}
            on {{ product_key }} = {{ name }}.product_key and {{ name }}.rank = 1
    {%- endif -%}
{%- endmacro %}
