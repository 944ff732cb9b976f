with interactions as (

    {{ scoped_interactions() }}

),

excluded as (

    select distinct
        scope,
        user_key,
        product_key
    from interactions
    where {{ is_excluded() }}

)

select * from excluded
