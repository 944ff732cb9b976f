{{ config(
    post_hook="{{ keep_broken_lines('broken_impression_lines', 'unpacked_impressions') }}",
) }}

with {{ typed_impressions() }}

select
    source_file,
    source_row,
    raw_line,
    user_id,
    product_id,
    case when reject_reason is null then cast(rank_number as integer) end as rank,
    shown_at,
    is_clicked,
    model,
    case
        when reject_reason is not null then cast(to_json(struct_pack(
            user_id := raw_user_id,
            product_id := raw_product_id,
            rank := raw_rank,
            shown_at := raw_shown_at,
            clicked := raw_clicked,
            model := raw_model
        )) as varchar)
    end as raw_values,
    reject_reason
from judged
