{% macro ladder_source(step) -%}
    {# The steps of the ladder that fills a list, in its order. #}
    case {{ step }}
        when 0 then 'ranked'
        when 1 then 'neighbour'
        when 2 then 'popular in category'
        when 3 then 'popular in shop'
    end
{%- endmacro %}
