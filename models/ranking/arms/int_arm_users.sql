{{ config(enabled=arms_with_vars() | length > 0) }}

with arms as (
    select
        user_key,
        {{ user_arm("user_id") }} as arm
    from {{ ref("int_user_keys") }}
)

select
    arm,
    user_key
from arms
where {{ is_one_of("arm", arms_with_vars() | map(attribute="name")) }}
