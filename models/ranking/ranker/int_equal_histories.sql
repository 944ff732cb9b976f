{# Features are ages and counts, not timestamps: users whose history is the same single
   product, with the same events and the same exclusion, share their candidates, which
   are computed for the first of them only. Longer histories are rarely equal. Training
   cases are not merged, since their answers differ. #}
with short_histories as (
    select
        histories.scope,
        histories.user_key,
        any_value(histories.product_key) as product_key,
        any_value(histories.event_type) as event_type,
        any_value(histories.interest) as interest,
        any_value(histories.repeat_interest) as repeat_interest,
        any_value(histories.sessions) as sessions,
        any_value({{ seconds_between(
            "histories.first_event_at", "histories.last_event_at"
        ) }}) as seconds
    from {{ ref("int_ranker_histories") }} as histories
    semi join {{ ref("int_ranker_batches") }} as batches
        on histories.scope = batches.scope and histories.user_key = batches.user_key
    where histories.scope != 'learned'
    group by histories.scope, histories.user_key
    having count(*) = 1
),

exclusions as (
    select
        scope,
        user_key,
        any_value(product_key) as excluded_key,
        count(*) as products
    from {{ ref("int_excluded_products") }}
    group by scope, user_key
)

select
    histories.scope,
    histories.user_key,
    min(histories.user_key) over (
        partition by
            histories.scope,
            histories.product_key,
            histories.event_type,
            histories.interest,
            histories.repeat_interest,
            histories.sessions,
            histories.seconds,
            exclusions.excluded_key
    ) as first_user_key
from short_histories as histories
left join exclusions
    on histories.scope = exclusions.scope and histories.user_key = exclusions.user_key
where coalesce(exclusions.products, 0) <= 1
qualify first_user_key < histories.user_key
