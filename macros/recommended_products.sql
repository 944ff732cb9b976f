{% macro recommended_products(scope, users, neighbours, size) -%}
    {#
        CTEs that end in `recommended`: for each model in `neighbours` (model, product_key,
        neighbour_key, score) and each user in `users` (user_key) exactly `size` products, or
        all there are. Steps down a ladder: neighbours of the history, popular in the user's
        first category, popular in the shop.

        Columns: model, user_key, rank, product_key, score, source, because_product_key.
    #}
    histories as (

        select histories.*
        from {{ ref("int_user_histories") }} as histories
        semi join {{ users }} as users on histories.user_key = users.user_key
        where histories.scope = '{{ scope }}'

    ),

    excluded as (

        select excluded.user_key, excluded.product_key
        from {{ ref("int_excluded_products") }} as excluded
        semi join {{ users }} as users on excluded.user_key = users.user_key
        where excluded.scope = '{{ scope }}'

    ),

    neighbour_models as (

        select distinct model from {{ neighbours }} where product_key is not null

    ),

    terms as (

        select
            neighbours.model,
            histories.user_key,
            neighbours.neighbour_key as product_key,
            histories.product_key as because_product_key,
            histories.place,
            histories.interest * neighbours.score as term
        from histories
        inner join {{ neighbours }} as neighbours
            on histories.product_key = neighbours.product_key
        {% if var("repeat_weight") | float > 0 %}
            union all
            select
                neighbour_models.model,
                histories.user_key,
                histories.product_key,
                histories.product_key as because_product_key,
                histories.place,
                histories.repeat_interest * {{ var("repeat_weight") }} as term
            from histories
            cross join neighbour_models
        {% endif %}

    ),

    {# The largest term is the "because"; between equal terms the more recent product wins. #}
    candidates as (

        select
            model,
            user_key,
            product_key,
            sum(cast(round(1e12 * term) as bigint)) / 1e12 as score,
            arg_max(because_product_key, term * (1 - 1e-9 * place)) as because_product_key
        from terms
        group by model, user_key, product_key

    ),

    best_candidates as (

        select *
        from (
            select
                candidates.*,
                row_number() over (
                    partition by candidates.model, candidates.user_key
                    order by candidates.score desc, candidates.product_key
                ) as place
            from candidates
            anti join excluded
                on
                    candidates.user_key = excluded.user_key
                    and candidates.product_key = excluded.product_key
        )
        where place <= {{ size }}

    ),

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

    ),

    every_step as (

        select
            model,
            user_key,
            product_key,
            score,
            'neighbour' as source,
            because_product_key
        from best_candidates
        union all
        select
            popular.model,
            popular.user_key,
            popular.product_key,
            popular.score,
            popular.source,
            cast(null as integer) as because_product_key
        from popular
        anti join excluded
            on
                popular.user_key = excluded.user_key
                and popular.product_key = excluded.product_key

    ),

    first_steps as (

        {# The sources' names sort in the order of the ladder. #}
        select
            *,
            row_number() over (
                partition by model, user_key, product_key order by source
            ) as step_place
        from every_step

    ),

    recommended as (

        select *
        from (
            select
                model,
                user_key,
                cast(row_number() over (
                    partition by model, user_key
                    order by source, score desc, product_key
                ) as integer) as rank,
                product_key,
                score,
                source,
                because_product_key
            from first_steps
            where step_place = 1
        )
        where rank <= {{ size }}

    )
{%- endmacro %}
