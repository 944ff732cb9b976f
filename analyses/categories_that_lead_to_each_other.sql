{# From one category to the next within a session; lift is how much more often than
   if the next category did not depend on the one before. #}
with steps as (

    select
        session_steps.session_id,
        session_steps.step,
        products.category_code
    from {{ ref("int_session_steps") }} as session_steps
    inner join {{ ref("products") }} as products
        on session_steps.product_key = products.product_key
    anti join {{ ref("int_robots") }} as robots
        on session_steps.user_key = robots.user_key
    where products.category_code is not null

),

moves as (

    select
        category_code,
        lead(category_code) over (
            partition by session_id order by step
        ) as next_category_code
    from steps

),

counted as (

    select
        category_code,
        next_category_code,
        count(*) as moves
    from moves
    where next_category_code is not null and next_category_code != category_code
    group by category_code, next_category_code

),

compared as (

    select
        category_code,
        next_category_code,
        moves,
        moves / sum(moves) over (partition by category_code) as share_of_moves,
        moves * sum(moves) over () / (
            sum(moves) over (partition by category_code)
            * sum(moves) over (partition by next_category_code)
        ) as lift
    from counted

)

select * from compared
where moves >= 5
order by lift desc, category_code asc, next_category_code asc
