{% macro neighbour_candidates(scope, users, neighbours, models, size) -%}
    {#
        CTEs of the ladder's first step: `lists` (model, user_key, list_key), one per model and
        user; `histories` and `excluded` of the users; and `best_candidates` (list_key, place,
        product_key, score, because_product_key), the best `size` neighbours of each history
        that are not excluded, at most `category_cap` of one category. Where `blend` asks for
        group_knn, what else the groups most like a history hold counts too.

        Most of a build's rows pass here: two integers as the key of a group take half the time
        of a model's name, a user and a product.
    #}
    {%- set with_groups = uses_group_knn() and "hybrid" in models %}
    models as (

        select * from (values
            {% for model in models %}
                ('{{ model }}', {{ loop.index }}){{ "," if not loop.last }}
            {% endfor %}
        ) as models (model, model_number)

    ),

    lists as (

        select
            models.model,
            users.user_key,
            cast(users.user_key as bigint) * 1000 + models.model_number as list_key
        from {{ users }} as users
        cross join models

    ),

    histories as (

        select histories.*
        from {{ ref("int_user_histories") }} as histories
        semi join {{ users }} as users on histories.user_key = users.user_key
        where histories.scope = '{{ scope }}'

    ),

    excluded as (

        select
            lists.list_key,
            excluded.product_key
        from {{ ref("int_excluded_products") }} as excluded
        inner join lists on excluded.user_key = lists.user_key
        where excluded.scope = '{{ scope }}'

    ),

    terms as (

        select
            cast(histories.user_key as bigint) * 1000 + models.model_number as list_key,
            neighbours.neighbour_key as product_key,
            histories.product_key as because_product_key,
            histories.place,
            histories.interest * neighbours.score as term
        from histories
        inner join {{ neighbours }} as neighbours
            on histories.product_key = neighbours.product_key
        inner join models on neighbours.model = models.model
        {% if with_groups %}
            union all
            select
                cast(similar_groups.user_key as bigint) * 1000 + models.model_number
                    as list_key,
                group_products.product_key,
                similar_groups.because_product_key,
                similar_groups.because_place as place,
                similar_groups.weight * factors.factor
                / if(models.model = 'hybrid', 1, {{ var("blend")["group_knn"] }}) as term
            from {{ ref("int_similar_groups") }} as similar_groups
            semi join {{ users }} as users on similar_groups.user_key = users.user_key
            inner join {{ ref("int_group_products") }} as group_products
                on similar_groups.group_key = group_products.group_key
            inner join {{ ref("int_product_factors") }} as factors
                on group_products.product_key = factors.product_key
            anti join histories
                on
                    similar_groups.user_key = histories.user_key
                    and group_products.product_key = histories.product_key
            inner join models on models.model in ('hybrid', 'group_knn')
            where similar_groups.scope = '{{ scope }}'
        {% endif %}
        {% if var("repeat_weight") | float > 0 %}
            union all
            select
                cast(histories.user_key as bigint) * 1000 + models.model_number as list_key,
                histories.product_key,
                histories.product_key as because_product_key,
                histories.place,
                histories.repeat_interest * {{ var("repeat_weight") }} as term
            from histories
            cross join models
            where
                models.model in (select model from {{ neighbours }})
                {% if with_groups %} or models.model in ('hybrid', 'group_knn') {% endif %}
        {% endif %}

    ),

    {# Integers, because a sum of floats depends on the order of the threads; of 128 bits,
       because an interest has no upper end. The largest term is the "because"; between equal
       terms the more recent product wins. #}
    candidates as (

        select
            list_key,
            product_key,
            sum(cast(round(1e12 * term) as hugeint)) / 1e12 as score,
            arg_max(because_product_key, term * (1 - 1e-9 * place)) as because_product_key
        from terms
        group by list_key, product_key

    ),

    allowed_candidates as (

        select candidates.*
        from candidates
        anti join excluded
            on
                candidates.list_key = excluded.list_key
                and candidates.product_key = excluded.product_key
        {% if var("category_cap") | int > 0 %}
            inner join {{ ref("products") }} as products
                on candidates.product_key = products.product_key
            qualify row_number() over (
                partition by
                    candidates.list_key,
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
                    partition by list_key
                    order by score desc, product_key
                ) as place
            from allowed_candidates
        )
        where place <= {{ size }}

    )
{%- endmacro %}
