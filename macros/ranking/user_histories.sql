{% macro user_histories(length, users=none) -%}
    {#
        CTEs that end in `histories`: the latest `length` products of each user, per scope, with
        the interest that the user's events show in each; of all users, or of `users` (scope,
        user_key).

        1. all_interactions, interactions, last_events: per scope, and when each user was last
           active.
        2. interests: per user and product, weighted by age.
        3. placed, histories: the latest products, discounted by their place.
    #}
    all_interactions as (
        {{ scoped_interactions() }}
    ),

    interactions as (
        select interactions.*
        from all_interactions as interactions
        {% if users %}
            semi join {{ users }} as users
                on
                    interactions.scope = users.scope
                    and interactions.user_key = users.user_key
        {% endif %}
    ),

    last_events as (
        select
            scope,
            user_key,
            max(event_at) as last_event_at
        from interactions
        group by scope, user_key
    ),

    interests as (
        {# Age counts from the user's own last event, so that a user who was away keeps a
           history. #}
        select
            interactions.scope,
            interactions.user_key,
            interactions.product_key,
            {{ heaviest_event_type(
                "interactions.event_type", "interactions.event_weight", "interactions.event_at"
            ) }} as event_type,
            max(interactions.event_at) as last_event_at,
            min(interactions.event_at) as first_event_at,
            count(distinct interactions.session_id) as sessions,
            sum(cast(round(1e6 * interactions.event_weight * {{ half_life(
                seconds_between("interactions.event_at", "last_events.last_event_at")
                ~ " / 86400e0",
                "scales.history_half_life_days"
            ) }}) as bigint)) / 1e6 as interest
        from interactions
        inner join last_events
            on
                interactions.scope = last_events.scope
                and interactions.user_key = last_events.user_key
        cross join {{ ref("int_time_scales") }} as scales
        group by interactions.scope, interactions.user_key, interactions.product_key
    ),

    placed as (
        select
            *,
            row_number() over (
                partition by scope, user_key
                order by last_event_at desc, interest desc, product_key
            ) as place
        from interests
        where interest > 0
    ),

    histories as (
        select
            scope,
            user_key,
            cast(place as integer) as place,
            product_key,
            event_type,
            last_event_at,
            first_event_at,
            sessions,
            interest * power({{ var("history_step_decay") }}, place - 1) as interest,
            interest * power({{ var("repeat_step_decay") }}, place - 1) as repeat_interest
        from placed
        where place <= {{ length }}
    )
{%- endmacro %}
