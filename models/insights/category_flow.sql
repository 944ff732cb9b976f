with categories as (
    select
        product_key,
        category_code
    from {{ ref("products") }}
    where category_code is not null
),

{# By integer keys: with texts the sort of all steps would be several times larger. #}
moves as (
    select
        session_steps.product_key,
        lead(session_steps.product_key) over (
            partition by session_steps.session_id order by session_steps.step
        ) as next_product_key
    from {{ ref("int_session_steps") }} as session_steps
    semi join categories on session_steps.product_key = categories.product_key
    anti join {{ ref("int_robots") }} as robots
        on session_steps.user_key = robots.user_key
),

counted as (
    select
        categories.category_code,
        next_categories.category_code as next_category_code,
        count(*) as moves
    from moves
    inner join categories on moves.product_key = categories.product_key
    inner join categories as next_categories
        on moves.next_product_key = next_categories.product_key
    where categories.category_code != next_categories.category_code
    group by categories.category_code, next_categories.category_code
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
),

category_flow as (
    select
        cast(row_number() over (
            order by lift desc, moves desc, category_code, next_category_code
        ) as integer) as rank,
        *
    from compared
    where moves >= 5
)

select * from category_flow
