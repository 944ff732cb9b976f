{{ config(by_duckdb=true) }}

{% set kept_rows = kept_rows("rejected_events") %}

with raw_events as (
    select * from {{ ref("stg_raw_events") }}
),

unusable_rows as (
    select
        source_file,
        source_row,
        cast(null as ubigint) as line_number,
        coalesce(raw_line, cast(to_json(struct_pack(
            event_time := raw_event_time,
            event_type := event_type,
            product_id := raw_product_id,
            category_id := category_id,
            category_code := category_code,
            brand := brand,
            price := raw_price,
            user_id := raw_user_id,
            user_session := user_session,
            event_weight := raw_event_weight
        )) as varchar)) as raw_values,
        reject_reason as reason
    from raw_events
    where reject_reason is not null
),

broken_lines as (
    {{ rejected_lines(ref("stg_raw_events")) }}
),

rejected as (
    select * from unusable_rows
    union all
    select * from broken_lines
    {% if kept_rows %}
        union all by name
        select * from {{ kept_rows }}
    {% endif %}
)

select * from rejected
