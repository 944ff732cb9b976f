{% macro covisit_neighbours(pairs) -%}
    {# CTEs that end in `neighbours`: covisit's, from pairs of products (`pair_weights`). #}
    pairs as (

        select
            product_key_a as product_key,
            product_key_b as neighbour_key,
            pair_weight as weight
        from {{ pairs }}
        union all
        select
            product_key_b as product_key,
            product_key_a as neighbour_key,
            pair_weight as weight
        from {{ pairs }}

    ),

    degrees as (

        select
            product_key,
            {{ exact_sum("weight", 6) }} as degree
        from pairs
        group by product_key

    ),

    {{ strongest_neighbours("pairs", "degrees", power=1, beta=var("covisit_beta")) }}
{%- endmacro %}
