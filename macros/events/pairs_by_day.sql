{% macro pairs_by_day(steps) %}
    {#
        CTEs from steps of sessions to `pairs_by_day` (session_date, product_key_a,
        product_key_b, sessions_together, pair_weight).
    #}
    {% if var("window") | int > 0 %}
        looking_ahead as (

            select
                session_date,
                session_id,
                product_key,
                step_weight,
                {{ next_in_session(var("window")) }} as following
            from {{ steps }}
            window in_order as (partition by session_id order by step)

        ),

        steps_apart as (

            {# The fields of the structs become columns and have their names already. #}
            select
                session_date,
                session_id,
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
                session_date,
                session_id,
                product_key,
                max(step_weight) as step_weight
            from {{ steps }}
            where step <= {{ var("rp3_group_size") }}
            group by session_date, session_id, product_key

        ),

        steps_apart as (

            select
                one.session_date,
                one.session_id,
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
            session_date,
            session_id,
            least(product_key, next_product_key) as product_key_a,
            greatest(product_key, next_product_key) as product_key_b,
            max(distance_weight * sqrt(step_weight * next_step_weight)) as pair_weight
        from steps_apart
        where next_product_key != product_key
        group by all

    ),

    pairs_by_day as (

        select
            session_date,
            product_key_a,
            product_key_b,
            count(*) as sessions_together,
            {{ exact_sum("pair_weight", 6) }} as pair_weight
        from session_pairs
        group by all

    )
{% endmacro %}
