with hours as (
    select
        range as hour_number,
        timestamp '{{ var("demo_start") }}' + to_hours(range) as started_at
    from range({{ var("demo_days") }} * 24)
),

weighed as (
    {# Nights are quiet, evenings and weekends busy. #}
    select
        hour_number,
        cast(split_part(
            '3 2 1 1 2 4 7 9 11 12 12 12 12 12 12 12 13 14 16 18 19 17 12 7', ' ',
            extract(hour from started_at) + 1
        ) as integer)
        * case when extract(isodow from started_at) >= 6 then 5 else 4 end as weight
    from hours
),

tickets as (
    select
        hour_number,
        unnest(range(weight)) as ticket
    from weighed
)

select
    hour_number,
    row_number() over (order by hour_number, ticket) - 1 as ticket_number
from tickets
