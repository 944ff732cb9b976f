{% macro ladder_source(step) -%}
    {# The steps of the ladder that fills a list, in its order; those before 1 are the ranker's
       (`int_ranked_candidates`). #}
    case {{ step }}
        when 1 then 'neighbour'
        when 2 then 'popular in category'
        when 3 then 'popular in shop'
        else 'ranked'
    end
{%- endmacro %}
