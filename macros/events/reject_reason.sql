{% macro reject_reason() -%}
    {# Why a typed row of an event file is rejected, the first reason that holds; null for a good
       row. #}
    case
        when reject_when_reason is not null then reject_when_reason
        when product_id is null and raw_product_id != ''
            then 'null text as product_id (null_texts)'
        when product_id is null then 'missing product_id'
        when user_id is null and raw_user_id != ''
            then 'null text as user_id (null_texts)'
        when user_id is null then 'missing user_id'
        when event_at is null and coalesce(trim(raw_event_time), '') = ''
            then 'missing event_time'
        when event_at is null then 'unreadable event_time'
        when
            event_at < timestamp '{{ var("earliest_event_at") }}'
            or event_at >= timestamp '{{ var("latest_event_at") }}'
            then 'event_time out of range'
        when event_type is null then 'missing event_type'
        when
            list_position({{ text_list(var("event_weights")) }}, event_type) is null
            then 'unknown event_type'
        when
            raw_price != ''
            and (price is null or not isfinite(price))
            and {{ given_text("raw_price") }} is not null
            then 'unreadable price'
        when price < 0 then 'negative price'
        when
            raw_event_weight != ''
            and not coalesce(abs(event_weight) <= 1e6, false)
            and {{ given_text("raw_event_weight") }} is not null
            then 'unreadable event_weight'
        when {{ is_too_late() }} then 'too late (lookback_days)'
    end
{%- endmacro %}
