{% macro popular_candidates(scope, size) -%}
    {#
        CTEs of the ladder's later steps, after those of `neighbour_candidates`: `unfilled_lists`
        (list_key, user_key, neighbours_of, enough) and `popular_candidates` (list_key, step,
        product_key, score) for them, none of them excluded.

        1. unfilled_lists: lists with room, and how many popular products always suffice.
        2. first_categories: the category of each such user's largest interest.
        3. popular: the products popular there and in the shop; popular_candidates: those allowed.
    #}
    {%- set popularity = ref("int_shown_popularity" if scope == "published" else "int_popularity") %}
    {# Upper bound: at most (filled + excluded) popular products can be unusable, so fetch that many
       plus `size`. #}
    unfilled_lists as (
        select
            lists.list_key,
            lists.user_key,
            lists.neighbours_of,
            coalesce(filled.products, 0) + coalesce(withheld.products, 0) + {{ size }}
                as enough
        from lists
        left join (
            select list_key, count(*) as products from best_candidates group by list_key
        ) as filled on lists.list_key = filled.list_key
        left join (
            select list_key, count(*) as products from excluded group by list_key
        ) as withheld on lists.list_key = withheld.list_key
        where coalesce(filled.products, 0) < {{ size }} and {{ computed_once() }}
    ),

    first_categories as (
        select
            user_key,
            category_code
        from (
            select
                histories.user_key,
                products.category_code,
                row_number() over (
                    partition by histories.user_key
                    order by
                        sum(cast(round(1e6 * histories.interest) as bigint)) desc,
                        products.category_code
                ) as place
            from histories
            inner join {{ ref("products") }} as products
                on histories.product_key = products.product_key
            where
                products.category_code is not null
                and histories.user_key in (
                    select unfilled_lists.user_key
                    from unfilled_lists
                    where unfilled_lists.neighbours_of != 'popularity'
                )
            group by histories.user_key, products.category_code
        )
        where place = 1
    ),

    popular as (
        select
            unfilled_lists.list_key,
            popularity.product_key,
            popularity.score,
            2 as step
        from unfilled_lists
        inner join first_categories on unfilled_lists.user_key = first_categories.user_key
        inner join {{ popularity }} as popularity
            on
                first_categories.category_code = popularity.category_code
                and unfilled_lists.enough >= popularity.category_rank
        where popularity.scope = '{{ scope }}' and unfilled_lists.neighbours_of != 'popularity'
        union all
        select
            unfilled_lists.list_key,
            popularity.product_key,
            popularity.score,
            3 as step
        from unfilled_lists
        inner join {{ popularity }} as popularity
            on unfilled_lists.enough >= popularity.shop_rank
        where popularity.scope = '{{ scope }}'
    ),

    popular_candidates as (
        select popular.*
        from popular
        anti join excluded
            on
                popular.list_key = excluded.list_key
                and popular.product_key = excluded.product_key
    )
{%- endmacro %}
