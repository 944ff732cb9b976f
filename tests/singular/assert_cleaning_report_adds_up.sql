{# Every row of the input is counted by exactly one line of the report. #}
with counts as (
    select
        (select sum(events) from {{ ref("cleaning_report") }}) as reported_rows,
        (select count(*) from {{ ref("stg_events") }})
        + (select count(*) from {{ ref("rejected_events") }}) as raw_rows
)

select * from counts
where reported_rows != raw_rows
