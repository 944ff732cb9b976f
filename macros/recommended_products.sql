{% macro recommended_products(scope, users, neighbours, size) -%}
    {#
        CTEs that end in `recommended`: for each model in `neighbours` (model, product_key,
        neighbour_key, score) and each user in `users` (user_key) exactly `size` products, or
        all there are. Steps down a ladder: neighbours of the history, popular in the user's
        first category, popular in the shop.

        Columns: model, user_key, rank, product_key, score, source, because_product_key.
    #}
    {{ neighbour_candidates(scope, users, neighbours, size) }},

    {{ popular_candidates(scope, users, neighbours, size) }},

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
