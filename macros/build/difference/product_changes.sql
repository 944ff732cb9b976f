{% macro product_changes(before, after) -%}
    {#
        One row per product that only one of two builds has: of those added and of those removed,
        the hundred with most interactions.
    #}
    select
        product_id,
        case when in_after = 1 then 'came' else 'went' end as figure,
        interactions
    from (
        select
            product_id,
            max(in_before) as in_before,
            max(in_after) as in_after,
            max(interactions) as interactions
        from (
            select product_id, interactions, 1 as in_before, 0 as in_after from {{ before }}
            union all
            select product_id, interactions, 0 as in_before, 1 as in_after from {{ after }}
        ) as both_builds
        group by product_id
    ) as products
    where in_before + in_after = 1
    qualify row_number() over (
        partition by in_after order by interactions desc nulls last, product_id
    ) <= 100
{%- endmacro %}
