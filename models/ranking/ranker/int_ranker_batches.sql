{# Users with candidates: every case, every evaluated user, and the published users who
   were active last; in batches of about the same number of terms. A product has up to
   twice `neighbours`, and a row of features is half as wide again as one of lists; cases
   also get a list per model. Only the cases when they are too few to learn from. #}
with users as (
    select
        histories.scope,
        histories.user_key,
        count(*) as products,
        max(histories.last_event_at) as last_event_at,
        row_number() over (
            partition by histories.scope
            order by max(histories.last_event_at) desc, histories.user_key
        ) as recency
    from {{ ref("int_ranker_histories") }} as histories
    group by histories.scope, histories.user_key
),

served as (
    select
        users.scope,
        users.user_key,
        case users.scope
            when 'learned' then {{ [3, unranked_models() | length] | max }}
            else 3
        end * users.products * {{ var("neighbours") }} as terms
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
)

select
    scope,
    user_key,
    cast({{ whole_quotient(
        "sum(terms) over in_order", var("terms_per_batch")
    ) }} as integer) as batch
from served
window in_order as (
    order by scope, user_key
    rows between unbounded preceding and current row
)
