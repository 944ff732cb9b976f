{% macro other_causes(scope, neighbours) -%}
    {#
        CTEs that end in `caused`, after those of `recommended_products` for one model: the rows of
        `recommended`; a cause that is listed above its own row is replaced by the product of the
        history with the largest term for the row that is not, if there is one. "Because of the
        product two lines up" tells a reader nothing.

        1. own_places: rows that are products of the history;
           listed_causes: rows whose cause is one of them, listed above.
        2. other_terms: the terms of these rows' scores, as in `candidate_terms`.
        3. other_causes: the largest term of a product that is not listed above.
        4. caused: the rows with their causes.
    #}
    own_places as (
        select
            recommended.user_key,
            recommended.product_key,
            recommended.rank
        from recommended
        semi join histories
            on
                recommended.user_key = histories.user_key
                and recommended.product_key = histories.product_key
    ),

    listed_causes as (
        select
            recommended.user_key,
            recommended.product_key,
            recommended.rank
        from recommended
        inner join own_places
            on
                recommended.user_key = own_places.user_key
                and recommended.because_product_key = own_places.product_key
        where own_places.rank < recommended.rank
    ),

    other_terms as (
        select
            listed_causes.user_key,
            listed_causes.product_key,
            listed_causes.rank,
            histories.product_key as because_product_key,
            histories.place,
            histories.interest * neighbours.score as term
        from listed_causes
        inner join histories on listed_causes.user_key = histories.user_key
        {# One key, so that no engine joins all histories with all their neighbours first. #}
        inner join {{ neighbours }} as neighbours
            on
                {{ pair_key("histories.product_key", "listed_causes.product_key") }}
                = {{ pair_key("neighbours.product_key", "neighbours.neighbour_key") }}
        {% if uses_group_knn() %}
            union all
            select
                listed_causes.user_key,
                listed_causes.product_key,
                listed_causes.rank,
                similar_groups.because_product_key,
                similar_groups.because_place as place,
                similar_groups.weight * factors.factor as term
            from listed_causes
            inner join {{ ref("int_similar_groups") }} as similar_groups
                on listed_causes.user_key = similar_groups.user_key
            inner join {{ ref("int_group_products") }} as group_products
                on
                    similar_groups.group_key = group_products.group_key
                    and listed_causes.product_key = group_products.product_key
            inner join {{ ref("int_product_factors") }} as factors
                on listed_causes.product_key = factors.product_key
            anti join own_places
                on
                    listed_causes.user_key = own_places.user_key
                    and listed_causes.product_key = own_places.product_key
            where similar_groups.scope = '{{ scope }}'
        {% endif %}
        {% if var("repeat_weight") | float > 0 %}
            union all
            select
                listed_causes.user_key,
                listed_causes.product_key,
                listed_causes.rank,
                histories.product_key as because_product_key,
                histories.place,
                histories.repeat_interest * {{ var("repeat_weight") }} as term
            from listed_causes
            inner join histories
                on
                    listed_causes.user_key = histories.user_key
                    and listed_causes.product_key = histories.product_key
        {% endif %}
    ),

    other_causes as (
        select
            other_terms.user_key,
            other_terms.product_key,
            {{ key_of_largest(
                "other_terms.because_product_key", "other_terms.term", "other_terms.place"
            ) }} as because_product_key
        from other_terms
        anti join own_places
            on
                other_terms.user_key = own_places.user_key
                and other_terms.because_product_key = own_places.product_key
                and other_terms.rank > own_places.rank
        group by other_terms.user_key, other_terms.product_key
    ),

    caused as (
        select
            recommended.user_key,
            recommended.rank,
            recommended.product_key,
            recommended.score,
            recommended.source,
            coalesce(other_causes.because_product_key, recommended.because_product_key)
                as because_product_key
        from recommended
        left join other_causes
            on
                recommended.user_key = other_causes.user_key
                and recommended.product_key = other_causes.product_key
    )
{%- endmacro %}
