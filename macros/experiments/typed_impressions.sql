{% macro typed_impressions() -%}
    {#
        CTEs that end in `judged`: one row per raw row of the impressions, typed, with the first
        rule that it breaks as reject_reason, null for a good row. A missing click value is no
        click.

        1. source_rows, trimmed, given: the files' texts; null where a text stands for no value.
        2. typed: null where a text is no value of its type.
        3. judged: the first fault of a row.
    #}
    source_rows as (
        {{ impression_rows() }}
    ),

    trimmed as (
        select
            source_file,
            source_row,
            cast(broken_reason as varchar) as broken_reason,
            cast(raw_line as varchar) as raw_line,
            trim(cast(user_id as varchar)) as raw_user_id,
            trim(cast(product_id as varchar)) as raw_product_id,
            trim(cast(rank as varchar)) as raw_rank,
            trim(cast(shown_at as varchar)) as raw_shown_at,
            trim(cast(clicked as varchar)) as raw_clicked,
            trim(cast(model as varchar)) as raw_model
        from source_rows
    ),

    given as (
        select
            *,
            {{ given_text("raw_user_id") }} as user_id,
            {{ given_text("raw_product_id") }} as product_id,
            {{ given_text("raw_rank") }} as given_rank,
            {{ given_text("raw_shown_at") }} as given_shown_at,
            {{ given_text("raw_clicked") }} as given_clicked,
            {{ given_text("raw_model") }} as model
        from trimmed
    ),

    typed as (
        select
            *,
            try_cast(given_rank as double) as rank_number,
            {{ parse_event_time("given_shown_at") }} as shown_at,
            case
                when
                    given_clicked is null
                    or lower(given_clicked) in ('false', 'f', '0', '0.0', 'no', 'n')
                    then false
                when lower(given_clicked) in ('true', 't', '1', '1.0', 'yes', 'y') then true
            end as is_clicked
        from given
    ),

    judged as (
        select
            *,
            case
                when broken_reason is not null then broken_reason
                when user_id is null then 'missing user_id'
                when product_id is null then 'missing product_id'
                when given_rank is null then 'missing rank'
                when given_shown_at is null then 'missing shown_at'
                when
                    rank_number is null
                    or rank_number != trunc(rank_number)
                    or rank_number not between 1 and 1e6 then 'rank is not a whole number from 1'
                when shown_at is null then 'unreadable shown_at'
                when
                    shown_at < timestamp '{{ var("earliest_event_at") }}'
                    or shown_at >= timestamp '{{ var("latest_event_at") }}'
                    then 'shown_at out of range (earliest_event_at, latest_event_at)'
                when is_clicked is null then 'unreadable clicked'
            end as reject_reason
        from typed
    )
{%- endmacro %}
