{% macro rp3beta_neighbours(group_products) -%}
    {#
        CTEs that end in `neighbours`: rp3beta's, from groups and their products (`group_products`).
        The 3-step walk product -> group -> product of Christoffel et al. 2015 (section 3): a group
        passes on 1 / size, popular ends are divided by degree ** beta. In batches of products
        where the model's config asks for them: all pairs at once would not fit in memory.

        1. starts: the batch's products, with what their groups pass on.
        2. degrees, ends: all products of groups, with what popular ones are divided by.
        3. products_of_groups, strongest: the walk's ends, without its start.
    #}
    starts as (
        select
            product_key,
            group_key,
            group_weight as weight
        from {{ group_products }}
        where {{ in_batch(key="product_key") }}
    ),

    degrees as (
        select
            product_key,
            power(count(*), {{ var("rp3_beta") }}) as divisor
        from {{ group_products }}
        group by product_key
    ),

    ends as (
        select
            group_products.group_key,
            group_products.product_key as neighbour_key,
            degrees.divisor
        from {{ group_products }} as group_products
        inner join degrees on group_products.product_key = degrees.product_key
    ),

    themselves as (
        select distinct
            product_key,
            product_key as neighbour_key
        from starts
    ),

    products_of_groups as (
        {{ sparse_product(
            "starts",
            "ends",
            row="product_key",
            via="group_key",
            key="neighbour_key",
            digits=9,
            left_out="themselves",
            power=var("rp3_alpha"),
            divisor="divisor",
            size=var("neighbours"),
        ) }}
    ),

    strongest as (
        select * from products_of_groups
        where score > 0
    ),

    {{ scaled_neighbours("strongest") }}
{%- endmacro %}
