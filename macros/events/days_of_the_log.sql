{% macro days_of_the_log(days) %}
    {#
        CTEs from counts per day to `days_of_the_log`: the same with `has_traffic`, whether the day
        can begin or end the log. A wrong clock puts a few events of one or two users on a day of
        their own; a real day has at least `day_share` of a typical day's events, and of its users.
        Where a typical day has three of them, two are asked for: in a log of ten events a day a
        single one is no evidence. The hours before a nightly export are enough of a day.

        Typical is the median day: a single day of a hundred times the traffic does not move it.
        The first and the last `day_share` of the events are left out of the median, so that
        strays on many days do not move it either.

        days: event_date, events, users and any other columns, one row per day.
    #}
    {% set share = var("day_share") | float(0) %}
    days_in_order as (

        select
            *,
            sum(events) over (order by event_date) as events_so_far,
            sum(events) over () as all_events
        from {{ days }}

    ),

    typical_day as (

        select
            percentile_disc(0.5) within group (order by events desc) as events,
            percentile_disc(0.5) within group (order by users desc) as users
        from days_in_order
        where
            events_so_far > {{ share }} * all_events
            and events_so_far - events < {{ 1 - share }} * all_events

    ),

    judged_days as (

        select
            days.*,
            {% if share > 0 %}
                days.events >= greatest(
                    {{ share }} * typical_day.events, least(2, typical_day.events / 2)
                )
                and days.users >= greatest(
                    {{ share }} * typical_day.users, least(2, typical_day.users / 2)
                )
            {% else %}
                true
            {% endif %}
                as is_enough
        from {{ days }} as days
        cross join typical_day

    ),

    days_of_the_log as (

        {# Where no day has both, every day counts. #}
        select
            *,
            is_enough or not bool_or(is_enough) over () as has_traffic
        from judged_days

    )
{% endmacro %}
