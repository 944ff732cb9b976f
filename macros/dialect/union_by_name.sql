{% macro union_by_name(rows, others) -%}
    {# Union of a CTE and a query that may lack columns; an empty text for no query. #}
    {%- if others -%}
        {{- return(adapter.dispatch("union_by_name", "longtail")(rows, others)) -}}
    {%- endif -%}
    select * from {{ rows }}
{%- endmacro %}

{% macro duckdb__union_by_name(rows, others) -%}
    select * from {{ rows }}
    union all by name
    {{ others }}
{%- endmacro %}

{% macro spark__union_by_name(rows, others) -%}
    {# The model's yml describes all columns. #}
    {%- set present = get_columns_in_query(others) if execute else [] -%}
    select
        {%- for name in model.columns %} {{ name }}{{ "," if not loop.last }}{% endfor %}
    from {{ rows }}
    union all
    select
        {%- for name in model.columns %}
        {{ name if name in present else "null" }} as {{ name }}{{ "," if not loop.last }}
        {%- endfor %}
    from ({{ others }}) as others
{%- endmacro %}
