{% macro covisit_neighbours(pairs) -%}
    {# CTEs that end in `neighbours`: covisit's, from pairs of products (`pair_weights`). The score
       of a pair is its weight / degree(neighbour) ** beta. #}
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

    scored as (
        select
            pairs.product_key,
            pairs.neighbour_key,
            pairs.weight / power(degrees.degree, {{ var("covisit_beta") }}) as score
        from pairs
        inner join degrees on pairs.neighbour_key = degrees.product_key
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

    {{ scaled_neighbours("strongest") }}
{%- endmacro %}
