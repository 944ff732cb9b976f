with unusable_rows as (
    select
        source_file,
        source_row,
        cast(null as ubigint) as line_number,
        coalesce(raw_line, raw_values) as raw_values,
        reject_reason as reason
    from {{ ref("stg_raw_impressions") }}
    where reject_reason is not null
),

broken_lines as (
    {{ rejected_lines(ref("stg_raw_impressions"), "broken_impression_lines") }}
),

rejected as (
    select * from unusable_rows
    union all
    select * from broken_lines
)

select * from rejected
