{% macro serving_model() -%}
    {# SQL: the model whose neighbours make the lists, or complete the ranker's. #}
    {%- if ranker() == "off" -%} 'hybrid'
    {%- else -%} (select serving.model from {{ ref("int_serving") }} as serving)
    {%- endif -%}
{%- endmacro %}
