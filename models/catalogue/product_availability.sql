{{ config(tags=["availability"]) }}

{# Only the last tables may read this: training must not depend on today's stock. #}
{% set shown_at = var("shown_at") or run_started_at.strftime("%Y-%m-%d %H:%M:%S") %}
with hidden as (
    select distinct product_id from {{ ref("stg_listed_products") }}
    where list = 'hidden' and user_id is null
),

allowed as (
    select distinct product_id from {{ ref("stg_listed_products") }}
    where list = 'allowed'
),

judged as (
    select
        keys.product_id,
        keys.product_key,
        case
            when hidden.product_id is not null then 'hidden'
            when
                {{ "true" if var("allowed") else "false" }}
                and allowed.product_id is null
                then 'not allowed'
            when not availability.is_readable then 'unreadable availability'
            when not availability.is_available then 'unavailable'
            when timestamp '{{ shown_at }}' < availability.available_from
                then 'not yet available'
            when timestamp '{{ shown_at }}' >= availability.available_until
                then 'no longer available'
        end as withheld_as
    from {{ ref("int_product_keys") }} as keys
    left join hidden on keys.product_id = hidden.product_id
    left join allowed on keys.product_id = allowed.product_id
    left join {{ ref("stg_availability") }} as availability
        on keys.product_id = availability.product_id
)

select
    product_id,
    product_key,
    withheld_as is null as is_shown,
    withheld_as
from judged
