{% macro known_by(content_key) -%}
    {# What a product without a node has its vectors from; after `join_content`. #}
    {%- if content_columns() -%}
        case when {{ content_key }} is null then 'category and brand' else 'content' end
    {%- else -%}
        'category and brand'
    {%- endif -%}
{%- endmacro %}
