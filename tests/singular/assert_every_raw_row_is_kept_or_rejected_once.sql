{# Files that this build read whose counts do not add up, and rows that are in both
   tables. #}
with read_rows as (
    select source_file from {{ ref("stg_raw_events") }}
    union all
    select source_file from {{ ref("stg_raw_events").schema }}.broken_lines
),

read_files as (
    select
        source_file,
        count(*) as row_count
    from read_rows
    group by source_file
),

staged_rows as (
    select source_file from {{ ref("stg_events") }}
    union all
    select source_file from {{ ref("rejected_events") }}
),

staged_files as (
    select
        source_file,
        count(*) as row_count
    from staged_rows
    group by source_file
),

wrong_files as (
    select
        read_files.source_file,
        read_files.row_count as rows_read,
        coalesce(staged_files.row_count, 0) as rows_staged
    from read_files
    left join staged_files on read_files.source_file = staged_files.source_file
    where read_files.row_count != coalesce(staged_files.row_count, 0)
),

rows_in_both as (
    select
        rejected.source_file,
        1 as rows_read,
        2 as rows_staged
    from {{ ref("rejected_events") }} as rejected
    semi join {{ ref("stg_events") }} as kept
        on
            rejected.source_file = kept.source_file
            and rejected.source_row = kept.source_row
)

select * from wrong_files
union all
select * from rows_in_both
{% if not var("events") %}
    union all
    select
        'demo_events' as source_file,
        count(*) as rows_read,
        (select count(*) from {{ ref("stg_raw_events") }}) as rows_staged
    from {{ ref("demo_events") }}
    having rows_read != rows_staged
{% endif %}
