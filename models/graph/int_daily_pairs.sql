{{ config(
    materialized="parquet_by_day", day="session_date", days_of="int_session_steps"
) }}

with steps as (
    select * from {{ ref("int_session_steps") }}
    where {{ in_days("session_date") }}
),

{{ pairs_by_day("steps") }}

select * from pairs_by_day
