{# Whose candidates are ordered: every case, every evaluated user and the published
   users who were active last; the cases alone when they are too few to learn from. #}
with users as (
    select
        histories.scope,
        histories.user_key,
        max(histories.last_event_at) as last_event_at,
        row_number() over (
            partition by histories.scope
            order by max(histories.last_event_at) desc, histories.user_key
        ) as recency
    from {{ ref("int_user_histories") }} as histories
    group by histories.scope, histories.user_key
)

select
    users.scope,
    users.user_key
from users
cross join {{ ref("int_timeline") }} as timeline
where
    users.scope = 'learned'
    or (
        (
            users.scope = 'evaluated'
            or (
                users.recency <= {{ var("ranker_users") }}
                and users.last_event_at > timeline.last_event_at
                - interval '{{ var("ranker_active_days") }} days'
            )
        )
        and {{ var("ranker_min_cases") }} <= (
            select count(*) from {{ ref("int_ranker_cases") }}
        )
    )
