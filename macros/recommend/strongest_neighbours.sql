{% macro strongest_neighbours(pairs, degrees, power, beta) -%}
    {#
        CTEs that end in `neighbours`: each product's strongest `neighbours` by weight ** power /
        degree(neighbour) ** beta, then scaled so that a row's scores sum to (their sum) ** (1 -
        row_exponent): to 1 at the default. Scaling after pruning restores what pruning took, and
        makes models of different units comparable.

        1. scored: weight and degree give a score.
        2. strongest, scaled: pruned, then scaled.
        3. neighbours: ids for keys.

        pairs: (product_key, neighbour_key, weight), both directions; degrees: (product_key,
        degree).
    #}
    scored as (
        select
            pairs.product_key,
            pairs.neighbour_key,
            power(pairs.weight, {{ power }}) / power(degrees.degree, {{ beta }}) as score
        from {{ pairs }} as pairs
        inner join {{ degrees }} as degrees on pairs.neighbour_key = degrees.product_key
        where pairs.weight > 0
    ),

    strongest as (
        select *
        from (
            select
                *,
                cast(row_number() over (
                    partition by product_key
                    order by score desc, neighbour_key
                ) as integer) as rank
            from scored
        )
        where rank <= {{ var("neighbours") }}
    ),

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
        from strongest
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
