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
    {%- set with_groups = uses_group_knn() and ("hybrid" in models or "ranked" in models) %}
    models as (

        {# The ranked lists begin with the ranker's order and go on with the hybrid's. #}
        select * from (values
            {% for model in models %}
                (
                    '{{ model }}',
                    {{ loop.index }},
                    '{{ "hybrid" if model == "ranked" else model }}'
                ){{ "," if not loop.last }}
            {% endfor %}
        ) as models (model, model_number, neighbours_of)

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

    {% if "ranked" in models %}
        ranked_candidates as (

            select
                lists.list_key,
                ranked.user_key,
                ranked.product_key,
                ranked.score,
                ranked.because_product_key
            from {{ ref("int_ranked_candidates") }} as ranked
            inner join lists on ranked.user_key = lists.user_key
            where ranked.scope = '{{ scope }}' and lists.model = 'ranked'

        ),

        filled_by_ranker as (

            select user_key from ranked_candidates
            group by user_key
            having count(*) >= {{ size }}

        ),
    {% endif %}

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
        inner join models on neighbours.model = models.neighbours_of
        {% if "ranked" in models %}
            left join filled_by_ranker on histories.user_key = filled_by_ranker.user_key
            where models.model != 'ranked' or filled_by_ranker.user_key is null
        {% endif %}
        {% if with_groups %}
            union all
            select
                cast(similar_groups.user_key as bigint) * 1000 + models.model_number
                    as list_key,
                group_products.product_key,
                similar_groups.because_product_key,
                similar_groups.because_place as place,
                similar_groups.weight * factors.factor
                / if(models.neighbours_of = 'hybrid', 1, {{ var("blend")["group_knn"] }}) as term
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
            inner join models on models.neighbours_of in ('hybrid', 'group_knn')
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
                models.neighbours_of in (select model from {{ neighbours }})
                {% if with_groups %} or models.neighbours_of in ('hybrid', 'group_knn') {% endif %}
        {% endif %}

    ),

    {# Integers, because a sum of floats depends on the order of the threads; of 128 bits,
       because an interest has no upper end. The largest term is the "because"; between equal
       terms the more recent product wins. #}
    candidates as (

        select
            list_key,
            product_key,
            {{ exact_sum("term", 12) }} as score,
            arg_max(because_product_key, term * (1 - 1e-9 * place)) as because_product_key
        from terms
        group by list_key, product_key

    ),

    every_candidate as (

        select
            candidates.*,
            false as is_ranked
        from candidates
        {% if "ranked" in models %}
            anti join ranked_candidates
                on
                    candidates.list_key = ranked_candidates.list_key
                    and candidates.product_key = ranked_candidates.product_key
            union all
            select
                list_key,
                product_key,
                score,
                because_product_key,
                true as is_ranked
            from ranked_candidates
        {% endif %}

    ),

    allowed_candidates as (

        select candidates.*
        from every_candidate as candidates
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
                order by
                    candidates.is_ranked desc, candidates.score desc, candidates.product_key
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
                    order by is_ranked desc, score desc, product_key
                ) as place
            from allowed_candidates
        )
        where place <= {{ size }}

    )
{%- endmacro %}
