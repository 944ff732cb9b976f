{# Counts that do not add up, and rows that are in both tables. #}
with counts as (

    select
        (select count(*) from {{ ref("stg_raw_events") }}) as readable_rows,
        (select count(*) from {{ ref("stg_raw_events").schema }}.broken_lines)
            as broken_lines,
        (select count(*) from {{ ref("stg_events") }}) as kept_rows,
        (select count(*) from {{ ref("rejected_events") }}) as rejected_rows

),

rows_in_both as (

    select count(*) as row_count
    from {{ ref("rejected_events") }} as rejected
    semi join {{ ref("stg_events") }} as kept
        on
            rejected.source_file = kept.source_file
            and rejected.source_row = kept.source_row

)

select
    counts.*,
    rows_in_both.row_count as rows_in_both
from counts
cross join rows_in_both
where
    counts.readable_rows + counts.broken_lines
    != counts.kept_rows + counts.rejected_rows
    or rows_in_both.row_count > 0
    {% if not var("events") %}
        or counts.readable_rows != (select count(*) from {{ ref("demo_events") }})
    {% endif %}
