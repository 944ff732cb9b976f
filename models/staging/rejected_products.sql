with unusable_rows as (
    select
        source_file,
        source_row,
        cast(null as ubigint) as line_number,
        coalesce(raw_line, raw_values) as raw_values,
        reject_reason as reason
    from {{ ref("stg_raw_catalogue") }}
    where reject_reason is not null
),

broken_lines as (
    {# Written by the hook of stg_raw_catalogue, hence after it. #}
    select
        source_file,
        cast(null as bigint) as source_row,
        line_number,
        raw_text as raw_values,
        'broken line: ' || error_type as reason
    from {{ ref("stg_raw_catalogue").schema }}.broken_catalogue_lines
),

rejected as (
    select * from unusable_rows
    union all
    select * from broken_lines
)

select * from rejected
