{% macro recommended_products(
    scope, users, neighbours, models, size, exclusions=none, category_cap=none
) -%}
    {#
        CTEs that end in `recommended`: for each of `models` and each user in `users` (user_key)
        exactly `size` products, or all there are. Steps down a ladder: neighbours of the history
        by `neighbours` (model, product_key, neighbour_key, score), popular in the user's first
        category, popular in the shop. A model without neighbours starts further down.

        Columns: model, user_key, rank, product_key, score, source, because_product_key.

        1. The CTEs of `neighbour_candidates` and `popular_candidates`.
        2. unfilled_candidates, first_steps: lists with room, each product at its first step.
        3. ranked_products: full lists as they are, the others cut to `size`.
        4. recommended: numbers of models and steps as names.
    #}
    {{ neighbour_candidates(
        scope, users, neighbours, models, size, exclusions, category_cap
    ) }},

    {{ popular_candidates(scope, size) }},

    {# Nearly all lists are full after the first steps and need no more work. #}
    unfilled_candidates as (
        select
            best_candidates.list_key,
            best_candidates.step,
            best_candidates.product_key,
            best_candidates.score,
            best_candidates.because_product_key
        from best_candidates
        semi join unfilled_lists on best_candidates.list_key = unfilled_lists.list_key
        union all
        select
            list_key,
            step,
            product_key,
            score,
            cast(null as integer) as because_product_key
        from popular_candidates
    ),

    first_steps as (
        select *
        from (
            select
                *,
                row_number() over (
                    partition by list_key, product_key order by step
                ) as step_place
            from unfilled_candidates
        )
        where step_place = 1
    ),

    ranked_products as (
        select
            best_candidates.list_key,
            best_candidates.place as rank,
            best_candidates.step,
            best_candidates.product_key,
            best_candidates.score,
            best_candidates.because_product_key
        from best_candidates
        anti join unfilled_lists on best_candidates.list_key = unfilled_lists.list_key
        union all
        select *
        from (
            select
                list_key,
                row_number() over (
                    partition by list_key order by step, score desc, product_key
                ) as rank,
                step,
                product_key,
                score,
                because_product_key
            from first_steps
        )
        where rank <= {{ size }}
    ),

    recommended as (
        select
            lists.model,
            lists.user_key,
            cast(ranked_products.rank as integer) as rank,
            ranked_products.product_key,
            ranked_products.score,
            {{ ladder_source("ranked_products.step") }} as source,
            ranked_products.because_product_key
        from ranked_products
        inner join lists on ranked_products.list_key = lists.list_key
        where {{ computed_once() }}
    )
{%- endmacro %}
