{% macro days_of_the_log(days) %}
    {#
        CTEs from counts per day to `days_of_the_log`: the same with `has_traffic`, whether the day
        can begin or end the log. A wrong clock puts the events of one or two users on a day of
        their own; a real day has at least `day_share` of a typical day's users, and two of them
        where a typical day has three. In a log of one or two users a day, two events are required
        likewise. Users are counted, not events: a crawler can add any number of events. The hours
        before a nightly export are enough for a day.

        The typical day is the median: a single day of a hundred times the traffic does not move it.
        The first and the last `day_share` of all visits (users by day) are left out, so that stray
        events on many days do not move it either.

        days: event_date, events, users and any other columns, one row per day.
    #}
    {% set share = var("day_share") | float(0) %}
    days_in_order as (
        select
            *,
            sum(users) over (order by event_date) as visits_so_far,
            sum(users) over () as all_visits
        from {{ days }}
    ),

    typical_day as (
        select
            percentile_disc(0.5) within group (order by users desc) as users,
            percentile_disc(0.5) within group (order by events desc) as events
        from days_in_order
        where
            visits_so_far > {{ share }} * all_visits
            and visits_so_far - users < {{ 1 - share }} * all_visits
    ),

    days_of_the_log as (
        select
            days.*,
            {% if share > 0 %}
                days.users >= greatest(
                    {{ share }} * typical_day.users, least(2, typical_day.users / 2)
                )
                and days.events >= least(2, typical_day.events / 2)
            {% else %}
                true
            {% endif %}
                as has_traffic
        from {{ days }} as days
        cross join typical_day
    )
{% endmacro %}
