{% macro neighbour_candidates(scope, users, neighbours, size) -%}
    {#
        CTEs of the ladder's first step: `histories` and `excluded` of the users, and
        `best_candidates` (model, user_key, product_key, score, because_product_key, place), the
        best `size` neighbours of each history that are not excluded, at most `category_cap` of
        one category.
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

    allowed_candidates as (

        select candidates.*
        from candidates
        anti join excluded
            on
                candidates.user_key = excluded.user_key
                and candidates.product_key = excluded.product_key
        {% if var("category_cap") | int > 0 %}
            inner join {{ ref("products") }} as products
                on candidates.product_key = products.product_key
            qualify row_number() over (
                partition by
                    candidates.model,
                    candidates.user_key,
                    coalesce(products.category_code, products.product_id)
                order by candidates.score desc, candidates.product_key
            ) <= {{ var("category_cap") }}
        {% endif %}

    ),

    best_candidates as (

        select *
        from (
            select
                *,
                row_number() over (
                    partition by model, user_key
                    order by score desc, product_key
                ) as place
            from allowed_candidates
        )
        where place <= {{ size }}

    )
{%- endmacro %}
