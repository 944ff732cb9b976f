{% macro group_similarities(histories) -%}
    {# CTEs that end in `similarities`: each history with each group that shares a product with it.
       The product that contributes most is the "because"; on ties the more recent. #}
    shared_products as (
        select
            histories.scope,
            histories.user_key,
            product_groups.group_key,
            histories.product_key,
            histories.place,
            product_groups.group_size,
            histories.interest * product_groups.weight as weight
        from {{ histories }} as histories
        inner join {{ ref("int_strongest_groups") }} as product_groups
            on
                histories.product_key = product_groups.product_key
                and histories.user_key != product_groups.user_key
    ),

    similarities as (
        select
            scope,
            user_key,
            group_key,
            max(group_size) as group_size,
            power(
                {{ exact_sum("weight", 12) }}, {{ var("rp3_alpha") }}
            ) as similarity,
            {{ key_of_largest("product_key", "weight", "place") }} as because_product_key,
            {{ key_of_largest("place", "weight", "place") }} as because_place
        from shared_products
        group by scope, user_key, group_key
    )
{%- endmacro %}
