{% macro recommended_products(scope, users, neighbours, models, size) -%}
    {#
        CTEs that end in `recommended`: for each of `models` and each user in `users` (user_key)
        exactly `size` products, or all there are. Steps down a ladder: neighbours of the history
        by `neighbours` (model, product_key, neighbour_key, score), popular in the user's first
        category, popular in the shop. A model without neighbours starts further down.

        Columns: model, user_key, rank, product_key, score, source, because_product_key.
    #}
    {{ neighbour_candidates(scope, users, neighbours, models, size) }},

    {{ popular_candidates(scope, size) }},

    {# Nearly all lists are full after the first step and need no more work. #}
    filled_up as (

        select
            list_key,
            row_number() over (
                partition by list_key
                order by is_ranked desc, source, score desc, product_key
            ) as rank,
            product_key,
            score,
            case when is_ranked then 'ranked' else source end as source,
            because_product_key
        from (
            {# A product counts by its first step; the sources' names sort in the order of
               the ladder. #}
            select
                *,
                row_number() over (
                    partition by list_key, product_key order by is_ranked desc, source
                ) as step_place
            from (
                select
                    best_candidates.list_key,
                    best_candidates.product_key,
                    best_candidates.score,
                    'neighbour' as source,
                    best_candidates.because_product_key,
                    best_candidates.is_ranked
                from best_candidates
                semi join unfilled_lists
                    on best_candidates.list_key = unfilled_lists.list_key
                union all
                select
                    list_key,
                    product_key,
                    score,
                    source,
                    cast(null as integer) as because_product_key,
                    false as is_ranked
                from popular_candidates
            )
        )
        where step_place = 1

    ),

    ranked_products as (

        select
            best_candidates.list_key,
            best_candidates.place as rank,
            best_candidates.product_key,
            best_candidates.score,
            case when best_candidates.is_ranked then 'ranked' else 'neighbour' end as source,
            best_candidates.because_product_key
        from best_candidates
        anti join unfilled_lists on best_candidates.list_key = unfilled_lists.list_key
        union all
        select * from filled_up
        where rank <= {{ size }}

    ),

    recommended as (

        select
            lists.model,
            lists.user_key,
            cast(ranked_products.rank as integer) as rank,
            ranked_products.product_key,
            ranked_products.score,
            ranked_products.source,
            ranked_products.because_product_key
        from ranked_products
        inner join lists on ranked_products.list_key = lists.list_key

    )
{%- endmacro %}
