{# 1. early_days: the first four fifths of the training history. The ranker's cut never
   lies earlier, so learned, evaluated and published histories share one value that
   knows no later day;
   2. gaps: days between a user's visits. A million visits (users by day) suffice for a
   median;
   3. then both scales; in less than 90 days products hardly come and go. #}
{% set half_life, trend = var("history_half_life_days"), var("trend_weight") %}
{% set measured_trend = "case when history.seconds >= 90 * 86400 then 0.2 else 0 end" %}
with history as (
    select
        first_event_at,
        {{ seconds_between("first_event_at", "graph_cutoff_at") }} as seconds
    from {{ ref("int_timeline") }}
),

early_days as (
    select
        cast(first_event_at as date) as first_date,
        cast(
            first_event_at + interval '1 second' * cast(floor(0.8 * seconds) as bigint)
            as date
        ) as end_date
    from history
),

visits as (
    select
        user_days.user_id,
        user_days.event_date,
        count(*) over () as visits
    from {{ ref("int_user_days") }} as user_days
    cross join early_days
    where
        user_days.event_date >= early_days.first_date
        and user_days.event_date < early_days.end_date
        and {{ (half_life == "auto") | lower }}
),

gaps as (
    select
        {{ days_between(
            "lag(event_date) over (partition by user_id order by event_date)",
            "event_date"
        ) }} as days
    from visits
    where {{ uniform_draw("user_id") }} * visits < 1000000
),

usual as (
    select coalesce(median(days), 0) as gap_days from gaps
)

select
    cast(
        {{ "greatest(7, usual.gap_days)" if half_life == "auto" else half_life }}
        as double
    ) as history_half_life_days,
    cast({{ measured_trend if trend == "auto" else trend }} as double) as trend_weight
from usual
cross join history
