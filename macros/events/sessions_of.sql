{% macro sessions_of(events) -%}
    {#
        CTEs that end in `sessions`: `events` (user_key, user_session, product_key, event_at,
        event_type, event_weight, has_own_weight, moment_id, has_seconds) with `session_id` and
        `is_short_stay`. A row without a weight of its own comes before an equal one with it,
        which repeats nothing.
    #}
    in_sessions as (
        select
            *,
            event_at - lag(event_at) over in_session as silence,
            (lead(event_at) over in_session) - event_at as stay,
            lead(product_key) over in_session as next_product_key
        from {{ events }}
        window in_session as (
            partition by user_key, user_session
            order by event_at, event_weight, event_type, product_key, has_own_weight
        )
    ),

    sessions as (
        {# The number of a session is that of its first moment, which no later day changes.
           Events of one second share it: a range, not rows. #}
        select
            user_key,
            product_key,
            event_at,
            event_type,
            event_weight,
            has_own_weight,
            max(
                case when silence <= {{ session_gap() }} then null else moment_id end
            ) over (
                partition by user_key, user_session
                order by event_at
                range between unbounded preceding and current row
            ) as session_id,
            {# A clock without seconds cannot show a short stay. #}
            has_seconds
            and {{ is_one_of("event_type", var("click_event_types")) }}
            and coalesce(
                next_product_key != product_key
                and stay < interval '1 second' * {{ var("min_stay_seconds") }}
                and stay <= {{ session_gap() }},
                false
            ) as is_short_stay
        from in_sessions
    )
{%- endmacro %}
