{% macro pairs_by_day(steps) %}
    {#
        CTEs from steps of sessions to `pairs_by_day` (session_date, product_key_a,
        product_key_b, sessions_together, pair_weight).

        1. steps_apart: pairs of steps of a session, with the weight of their distance: at most
           `window` apart, or any two where `window` is 0.
        2. session_pairs: the strongest occurrence of each pair in a session.
        3. pairs_by_day: summed over the sessions of a day.
    #}
    {% if var("window") | int > 0 %}
        {% set distances = range(1, var("window") | int + 1) %}
        looking_ahead as (
            {# One sort serves all distances, where a self-join of the session would need one hash
               table each. #}
            select
                {% for distance in distances %}
                    lead(product_key, {{ distance }}) over in_order as product_key_{{ distance }},
                    lead(step_weight, {{ distance }}) over in_order as step_weight_{{ distance }},
                {% endfor %}
                session_date,
                session_id,
                product_key,
                step_weight
            from {{ steps }}
            window in_order as (partition by session_id order by step)
        ),

        steps_apart as (
            select
                looking_ahead.session_date,
                looking_ahead.session_id,
                looking_ahead.product_key,
                looking_ahead.step_weight,
                case distances.distance
                    {% for distance in distances %}
                        when {{ distance }} then looking_ahead.product_key_{{ distance }}
                    {% endfor %}
                end as next_product_key,
                case distances.distance
                    {% for distance in distances %}
                        when {{ distance }} then looking_ahead.step_weight_{{ distance }}
                    {% endfor %}
                end as next_step_weight,
                distances.distance_weight
            from looking_ahead
            cross join (values
                {% for distance in distances %}
                    ({{ distance }}, cast({{ var("window_decay") | float ** (distance - 1) }} as double))
                    {{- "," if not loop.last }}
                {% endfor %}
            ) as distances (distance, distance_weight)
        ),
    {% else %}
        {# No order: every pair of a session's first products, as many as rp3beta's groups hold:
           pairs grow with the square. #}
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
                cast(1 as double) as distance_weight
            from products_of_session as one
            inner join products_of_session as other
                on one.session_id = other.session_id and one.product_key < other.product_key
        ),
    {% endif %}

    session_pairs as (
        {# Once per session and pair: the occurrence with the largest weight. #}
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
