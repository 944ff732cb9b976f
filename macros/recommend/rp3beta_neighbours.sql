{% macro rp3beta_neighbours(group_products) -%}
    {#
        CTEs that end in `neighbours`: rp3beta's, from groups and their products (`group_products`).
        The 3-step walk product -> group -> product of Christoffel et al. 2015 (section 3): a group
        passes on 1 / size, popular ends are divided by degree ** beta. In batches of products
        where the model's config asks for them: all pairs at once would not fit in memory.
    #}
    pairs as (
        select
            starts.product_key,
            ends.product_key as neighbour_key,
            {{ exact_sum("starts.group_weight", 9) }} as weight
        from {{ group_products }} as starts
        inner join {{ group_products }} as ends on starts.group_key = ends.group_key
        where
            starts.product_key != ends.product_key
            and {{ in_batch(key="starts.product_key") }}
        group by all
    ),

    degrees as (
        select
            product_key,
            count(*) as degree
        from {{ group_products }}
        group by product_key
    ),

    {{ strongest_neighbours(
        "pairs", "degrees", power=var("rp3_alpha"), beta=var("rp3_beta")
    ) }}
{%- endmacro %}
