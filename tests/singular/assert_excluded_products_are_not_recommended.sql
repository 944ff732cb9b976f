{# Held against the events themselves, not against int_excluded_products. Up to about a
   hundred thousand users are tried. #}
with excluded as (

    select distinct
        user_key,
        product_key,
        {{ known_at_evaluation() }} as is_known_at_evaluation
    from {{ ref("int_interactions") }}
    where
        {{ is_excluded() }}
        and user_key % greatest(
            1, (select count(*) // 100000 from {{ ref("int_user_keys") }})
        ) = 0

),

excluded_ids as (

    select distinct
        user_keys.user_id,
        product_keys.product_id
    from excluded
    inner join {{ ref("int_user_keys") }} as user_keys
        on excluded.user_key = user_keys.user_key
    inner join {{ ref("int_product_keys") }} as product_keys
        on excluded.product_key = product_keys.product_key

),

published as (

    select
        'published' as scope,
        recommendations.user_id,
        recommendations.product_id
    from {{ ref("user_recommendations") }} as recommendations
    semi join excluded_ids
        on
            recommendations.user_id = excluded_ids.user_id
            and recommendations.product_id = excluded_ids.product_id

),

evaluated as (

    select distinct
        'evaluated' as scope,
        cast(recommendations.user_key as varchar) as user_id,
        cast(recommendations.product_key as varchar) as product_id
    from {{ ref("int_evaluated_recommendations") }} as recommendations
    inner join excluded
        on
            recommendations.user_key = excluded.user_key
            and recommendations.product_key = excluded.product_key
    where excluded.is_known_at_evaluation

)

select * from published
union all
select * from evaluated
