{{ config(enabled=arms_with_vars() | length > 0) }}

with excluded as (
    {% for arm in arms_with_vars() %}
        {% if "exclude" in arm["vars"] %}
            select distinct
                arm_users.arm,
                events.user_key,
                events.product_key
            from {{ ref("int_events_flagged") }} as events
            inner join {{ ref("int_arm_users") }} as arm_users
                on events.user_key = arm_users.user_key
            where
                arm_users.arm = '{{ arm["name"] }}'
                and {{ is_excluded(arm["vars"]["exclude"]) }}
        {% else %}
            select
                arm_users.arm,
                withheld.user_key,
                withheld.product_key
            from {{ ref("int_excluded_products") }} as withheld
            inner join {{ ref("int_arm_users") }} as arm_users
                on withheld.user_key = arm_users.user_key
            where
                arm_users.arm = '{{ arm["name"] }}'
                and withheld.scope = 'published'
        {% endif %}
        {{ "union all" if not loop.last }}
    {% endfor %}
)

select
    arm,
    'published' as scope,
    user_key,
    product_key
from excluded
