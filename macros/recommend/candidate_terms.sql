{% macro candidate_terms(scope, users, neighbours, models, size) -%}
    {#
        CTEs of the terms of a product's score in a list, after those of `neighbour_candidates`; in
        published lists only of what may be shown.

        1. filled_by_ranker: lists that need no terms.
        2. entries (list_key, link_key, because_product_key, place, weight): the history's products,
           and links (link_key, product_key, score): their neighbours by the list's model.
        3. more_terms (list_key, product_key, because_product_key, place, term), a union of
           a. what else the groups most like the history hold, where `blend` asks for group_knn;
           b. for the model "own products", the user's most frequent ones;
           c. the history's own products, where `repeat_weight` asks for them.
    #}
    {%- set with_groups = uses_group_knn() and ("hybrid" in models or "ranked" in models) %}
    {%- set with_own = compares_own_products() and ("own products" in models or "ranked" in models) %}
    {% if "ranked" in models %}
        filled_by_ranker as (
            select list_key from lists_of_ranker
            where products >= {{ size }}
        ),
    {% endif %}

    entries as (
        select
            {{ list_key("histories.user_key", "models.model_number") }} as list_key,
            {{ list_key("histories.product_key", "models.model_number") }} as link_key,
            histories.product_key as because_product_key,
            histories.place,
            histories.interest as weight
        from histories
        cross join models
        {% if "ranked" in models %}
            anti join filled_by_ranker
                on {{ list_key("histories.user_key", "models.model_number") }}
                = filled_by_ranker.list_key
        {% endif %}
    ),

    links as (
        select
            {{ list_key("neighbours.product_key", "models.model_number") }} as link_key,
            neighbours.neighbour_key as product_key,
            neighbours.score
        from {{ neighbours }} as neighbours
        inner join models on neighbours.model = models.neighbours_of
        {% if scope == "published" %}
            anti join withheld on neighbours.neighbour_key = withheld.product_key
        {% endif %}
    ),

    every_term as (
        {% if with_groups %}
            select
                {{ list_key("similar_groups.user_key", "models.model_number") }} as list_key,
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
            union all
        {% endif %}
        {% if with_own %}
            select
                {{ list_key("own_products.user_key", "models.model_number") }} as list_key,
                own_products.product_key,
                own_products.product_key as because_product_key,
                own_products.place,
                1e0 / own_products.place as term
            from {{ ref("int_own_products") }} as own_products
            semi join {{ users }} as users on own_products.user_key = users.user_key
            inner join models on models.neighbours_of = 'own products'
            where own_products.scope = '{{ scope }}'
            union all
        {% endif %}
        select
            {{ list_key("histories.user_key", "models.model_number") }} as list_key,
            histories.product_key,
            histories.product_key as because_product_key,
            histories.place,
            histories.repeat_interest * {{ var("repeat_weight") }} as term
        from histories
        cross join models
        {# Also in a shop without a pair, which has no neighbours of any model. #}
        where
            {{ var("repeat_weight") }} > 0
            and models.neighbours_of
            not in ('popularity', 'popular in category', 'own products')
    ),

    more_terms as (
        select every_term.*
        from every_term
        {% if scope == "published" %}
            anti join withheld on every_term.product_key = withheld.product_key
        {% endif %}
    )
{%- endmacro %}
