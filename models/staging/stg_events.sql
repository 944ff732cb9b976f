{{ config(
    materialized="parquet_by_day",
    day="event_date",
    starts_at="first_staged_day",
    reads_whole=not var("events"),
    post_hook=["{{ require_events() }}", "{{ note_files_staged() }}"],
) }}

{# Once its rows are here a file is not read again, so its rejected rows must be stored
   first. #}
-- depends_on: {{ ref("rejected_events") }}
{% set kept_rows = kept_rows("stg_events") %}

with new_events as (
    select
        event_at,
        event_type,
        product_id,
        category_id,
        category_code,
        brand,
        price,
        user_id,
        user_session,
        product_name,
        event_weight,
        source_file,
        source_row,
        cast(event_at as date) as event_date
    from {{ ref("stg_raw_events") }}
    where reject_reason is null
),

events as (
    {{ union_by_name("new_events", "select * from " ~ kept_rows if kept_rows else "") }}
)

select * from events
where {{ in_days("event_date") }}
