{{ config(
    post_hook="{{ keep_broken_lines('broken_impression_lines', 'unpacked_impressions') }}",
) }}

{% set columns = ("user_id", "product_id", "rank", "shown_at", "clicked", "model") %}
with source_rows as (
    {{ impression_rows() }}
),

trimmed as (
    select
        source_file,
        source_row,
        cast(broken_reason as varchar) as broken_reason,
        cast(raw_line as varchar) as raw_line,
        {% for column in columns %}
            trim(cast({{ column }} as varchar)) as raw_{{ column }}{{ "," if not loop.last }}
        {% endfor %}
    from source_rows
),

given as (
    select
        *,
        {% for column in columns %}
            {{ given_text("raw_" ~ column) }} as given_{{ column }}{{ "," if not loop.last }}
        {% endfor %}
    from trimmed
),

typed as (
    select
        *,
        given_user_id as user_id,
        given_product_id as product_id,
        given_model as model,
        try_cast(given_rank as double) as rank_number,
        {{ parse_event_time("given_shown_at") }} as shown_at,
        case
            when
                given_clicked is null
                or lower(given_clicked) in ('false', 'f', '0', '0.0', 'no', 'n') then false
            when lower(given_clicked) in ('true', 't', '1', '1.0', 'yes', 'y') then true
        end as is_clicked
    from given
),

judged as (
    select
        *,
        case
            when broken_reason is not null then broken_reason
            {% for column in ("user_id", "product_id", "rank", "shown_at") %}
                when given_{{ column }} is null then 'missing {{ column }}'
            {% endfor %}
            when
                rank_number is null
                or rank_number != trunc(rank_number)
                or rank_number not between 1 and 1e6 then 'rank is no whole number from 1'
            when shown_at is null then 'unreadable shown_at'
            when
                shown_at < timestamp '{{ var("earliest_event_at") }}'
                or shown_at >= timestamp '{{ var("latest_event_at") }}'
                then 'shown_at out of range (earliest_event_at, latest_event_at)'
            when is_clicked is null then 'unreadable clicked'
        end as reject_reason
    from typed
)

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
