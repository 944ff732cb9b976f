{% macro content_columns() -%}
    {# The columns of a product's content in staging, name to source column or SQL expression. #}
    {%- set columns = {} -%}
    {%- for feature in var("catalogue_features") or [] -%}
        {%- do columns.update({"feature_" ~ loop.index: feature}) -%}
    {%- endfor -%}
    {%- if var("catalogue_vector") -%}
        {%- do columns.update({"vector": var("catalogue_vector")}) -%}
    {%- endif -%}
    {{- return(columns) -}}
{%- endmacro %}
