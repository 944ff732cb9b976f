select
    user_id,
    product_id,
    rank,
    shown_at,
    is_clicked,
    model,
    source_file,
    source_row
from {{ ref("stg_raw_impressions") }}
where reject_reason is null
