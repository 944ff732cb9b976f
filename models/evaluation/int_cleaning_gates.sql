{# Not judged: repeats, of which one event stays, and rows that `reject_when` is meant
   to reject. #}
with rules as (
    select
        step,
        rule,
        sum(events) as events
    from {{ ref("cleaning_report") }}
    group by step, rule
),

shares as (
    select
        *,
        sum(events) over () as raw_events,
        events / sum(events) over () as share
    from rules
),

judged as (
    select
        step,
        rule,
        'rows ' || step || ': ' || rule as gate,
        cast(share as double) as value,
        {{ wilson_end("share", "raw_events", "-") }} as lower,
        {{ wilson_end("share", "raw_events", "+") }} as upper,
        cast({{ var("gate_cleaning_share") }} as double) as threshold
    from shares
    where
        step != 'kept' and rule != 'repeat'
        and not (
            step = 'rejected'
            and {{ is_one_of("rule", var("reject_when")) }}
        )
)

select
    gate,
    value,
    lower,
    upper,
    threshold,
    lower > threshold as is_short,
    {{ as_percent("value") }} || ' of all rows, may be '
    || {{ as_percent("threshold") }} || ': ' || case
        when rule = 'robot' then 'raise robot_clicks or robot_purchases'
        when rule = 'short stay' then 'lower min_stay_seconds'
        when rule = 'after the log''s end (clock)' then 'lower day_share'
        when rule = 'exact duplicate' then 'is a file read twice?'
        when rule = 'unknown event_type' then 'name the types in event_weights'
        else 'look into rejected_events'
    end || '; gate_cleaning_share raises the bound' as message
from judged
