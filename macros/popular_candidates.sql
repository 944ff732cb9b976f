{% macro popular_candidates(scope, users, neighbours, size) -%}
    {#
        CTEs of the ladder's further steps, after those of `neighbour_candidates`: `popular`
        (model, user_key, product_key, score, source) for users whose list is not full.
    #}
    models as (

        select distinct model from {{ neighbours }}

    ),

    {# As many popular products as can be taken already, and `size` more, are always enough. #}
    unfilled_users as (

        select
            models.model,
            users.user_key,
            coalesce(listed.products, 0) + coalesce(withheld.products, 0) + {{ size }}
                as enough
        from {{ users }} as users
        cross join models
        left join (
            select model, user_key, count(*) as products from best_candidates group by all
        ) as listed on users.user_key = listed.user_key and models.model = listed.model
        left join (
            select user_key, count(*) as products from excluded group by all
        ) as withheld on users.user_key = withheld.user_key
        where coalesce(listed.products, 0) < {{ size }}

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
            where products.category_code is not null
            group by histories.user_key, products.category_code
        )
        where place = 1

    ),

    popular as (

        select
            unfilled_users.model,
            unfilled_users.user_key,
            popularity.product_key,
            popularity.score,
            'popular in category' as source
        from unfilled_users
        inner join first_categories on unfilled_users.user_key = first_categories.user_key
        inner join {{ ref("int_popularity") }} as popularity
            on
                first_categories.category_code = popularity.category_code
                and popularity.category_rank <= unfilled_users.enough
        where
            popularity.scope = '{{ scope }}'
            and unfilled_users.model != 'popularity'
        union all
        select
            unfilled_users.model,
            unfilled_users.user_key,
            popularity.product_key,
            popularity.score,
            'popular in shop' as source
        from unfilled_users
        inner join {{ ref("int_popularity") }} as popularity
            on popularity.shop_rank <= unfilled_users.enough
        where popularity.scope = '{{ scope }}'

    )
{%- endmacro %}
