{# Measured on the first four fifths of the training history: the ranker's cut never lies
   earlier, so learned, evaluated and published histories share one value that knows no
   later day. A million visits (users by day) suffice for a median. The refs stay outside
   the condition, so that trials of a search that differ in the var alone parse once. #}
{% set timeline, user_days = ref("int_timeline"), ref("int_user_days") %}
{% if var("history_half_life_days") != "auto" %}
    select
        cast({{ var("history_half_life_days") }} as double) as history_half_life_days
{% else %}
    with early_days as (
        select
            cast(first_event_at as date) as first_date,
            cast(
                first_event_at + interval '1 second' * cast(floor(
                    0.8 * {{ seconds_between("first_event_at", "graph_cutoff_at") }}
                ) as bigint) as date
            ) as end_date
        from {{ timeline }}
    ),

    visits as (
        select
            user_days.user_id,
            user_days.event_date,
            count(*) over () as visits
        from {{ user_days }} as user_days
        cross join early_days
        where
            user_days.event_date >= early_days.first_date
            and user_days.event_date < early_days.end_date
    ),

    gaps as (
        select
            {{ days_between(
                "lag(event_date) over (partition by user_id order by event_date)",
                "event_date"
            ) }} as days
        from visits
        where {{ uniform_draw("user_id") }} * visits < 1000000
    )

    select
        cast(greatest(7, coalesce(median(days), 0)) as double) as history_half_life_days
    from gaps
{% endif %}
