{% macro scaled_neighbours(strongest) -%}
    {#
        CTEs that end in `neighbours`: each product's strongest neighbours, scaled so that a row's
        scores sum to (their sum) ** (1 - row_exponent): to 1 at the default. Scaling after pruning
        restores what pruning took, and makes models of different units comparable. Then ids for
        keys.

        strongest: (product_key, neighbour_key, rank, score).
    #}
    scaled as (
        select
            product_key,
            neighbour_key,
            rank,
            score / power(
                sum(score) over (
                    partition by product_key
                    order by rank
                    rows between unbounded preceding and unbounded following
                ),
                {{ var("row_exponent") }}
            ) as score
        from {{ strongest }}
    ),

    neighbours as (
        select
            products.product_id,
            found.product_id as neighbour_product_id,
            scaled.rank,
            scaled.score
        from scaled
        inner join {{ ref("int_product_keys") }} as products
            on scaled.product_key = products.product_key
        inner join {{ ref("int_product_keys") }} as found
            on scaled.neighbour_key = found.product_key
    )
{%- endmacro %}
