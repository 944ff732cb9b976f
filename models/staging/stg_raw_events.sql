{{ config(
    by_duckdb=true,
    pre_hook="{{ forget_files_read() }}",
    post_hook=["{{ keep_broken_lines() }}", "{{ note_files_read() }}"],
) }}

{# 1. source_rows: the new files, each column a text;
   2. trimmed;
   3. typed: null where a text is no value of its type;
   4. judged: the first reason to reject a row. #}
with source_rows as (
    {{ event_rows() }}
),

trimmed as (
    select
        source_file,
        source_row,
        cast(reject_when_reason as varchar) as reject_when_reason,
        cast(raw_line as varchar) as raw_line,
        event_time as raw_event_time,
        trim(price) as raw_price,
        trim(product_id) as raw_product_id,
        trim(user_id) as raw_user_id,
        lower(trim(event_type)) as event_type,
        trim(category_id) as category_id,
        trim(category_code) as category_code,
        trim(brand) as brand,
        trim(user_session) as user_session,
        trim(cast(product_name as varchar)) as product_name,
        trim(cast(event_weight as varchar)) as raw_event_weight
    from source_rows
),

typed as (
    select
        source_file,
        source_row,
        reject_when_reason,
        raw_line,
        raw_event_time,
        raw_price,
        raw_product_id,
        raw_user_id,
        {{ parse_event_time("raw_event_time") }} as event_at,
        nullif(event_type, '') as event_type,
        {{ given_text("raw_product_id") }} as product_id,
        {{ given_text("category_id") }} as category_id,
        {{ given_text("category_code") }} as category_code,
        {{ given_text("brand") }} as brand,
        nullif(try_cast(raw_price as double), 'nan') as price,
        {{ given_text("raw_user_id") }} as user_id,
        {{ given_text("user_session") }} as user_session,
        {{ given_text("product_name") }} as product_name,
        nullif(try_cast(raw_event_weight as double), 'nan') as event_weight,
        raw_event_weight
    from trimmed
),

judged as (
    select
        *,
        {{ reject_reason() }} as reject_reason
    from typed
)

{# The texts of a good row are no longer needed. #}
select
    * replace (
        case when reject_reason is not null then raw_event_time end as raw_event_time,
        case when reject_reason is not null then raw_price end as raw_price,
        case when reject_reason is not null then raw_event_weight end
            as raw_event_weight,
        case when reject_reason is not null then raw_product_id end as raw_product_id,
        case when reject_reason is not null then raw_user_id end as raw_user_id
    )
from judged
