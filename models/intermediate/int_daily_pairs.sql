with steps as (

    select * from {{ ref("int_session_steps") }}

),

{% if var("window") | int > 0 %}
    looking_ahead as (

        select
            session_id,
            product_key,
            step_weight,
            cast(event_at as date) as event_date,
            {{ next_in_session(var("window")) }} as following
        from steps
        window in_order as (partition by session_id order by step)

    ),

    steps_apart as (

        {# The fields of the structs become columns and have their names already. #}
        select
            session_id,
            event_date,
            product_key,
            step_weight,
            unnest(following, recursive := true)  -- noqa: AL03
        from looking_ahead

    ),
{% else %}
    {# No order: every pair of a session. Its first products count, as many as in the
       groups of rp3beta: pairs grow with the square. #}
    products_of_session as (

        select
            session_id,
            product_key,
            max(step_weight) as step_weight,
            cast(min(event_at) as date) as event_date
        from steps
        where step <= {{ var("rp3_group_size") }}
        group by session_id, product_key

    ),

    steps_apart as (

        select
            one.session_id,
            one.event_date,
            one.product_key,
            one.step_weight,
            other.product_key as next_product_key,
            other.step_weight as next_step_weight,
            1.0 as distance_weight
        from products_of_session as one
        inner join products_of_session as other
            on one.session_id = other.session_id and one.product_key < other.product_key

    ),
{% endif %}

session_pairs as (

    {# Once per session and pair: by the occurrence that weighs most. #}
    select
        session_id,
        least(product_key, next_product_key) as product_key_a,
        greatest(product_key, next_product_key) as product_key_b,
        min(event_date) as event_date,
        max(distance_weight * sqrt(step_weight * next_step_weight)) as pair_weight
    from steps_apart
    where next_product_key != product_key
    group by all

),

daily_pairs as (

    select
        event_date,
        product_key_a,
        product_key_b,
        count(*) as sessions_together,
        sum(cast(round(1e6 * pair_weight) as bigint)) / 1e6 as pair_weight
    from session_pairs
    group by all

)

select * from daily_pairs
