{% macro covisit_neighbours(pairs) -%}
    {# CTEs that end in `neighbours`: covisit's, from pairs of products (`pair_weights`). #}
    pairs as (
        {{ both_directions(
            pairs, "product_key_a", "product_key_b", ["pair_weight as weight"]
        ) }}
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
