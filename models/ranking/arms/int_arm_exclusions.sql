{{ config(enabled=arms_with_vars() | length > 0) }}

with
{% for arm in arms_with_vars() %}
    {% set users = "users_" ~ loop.index %}
    {{ users }} as (
        select user_key from {{ ref("int_arm_users") }}
        where arm = '{{ arm["name"] }}'
    ),

{% endfor %}
excluded as (
    {% for arm in arms_with_vars() %}
        {% set users = "users_" ~ loop.index %}
        {% if "exclude" in arm["vars"] %}
            select distinct
                '{{ arm["name"] }}' as arm,
                events.user_key,
                events.product_key
            from {{ ref("int_events_flagged") }} as events
            semi join {{ users }} as users on events.user_key = users.user_key
            where {{ is_excluded(arm["vars"]["exclude"]) }}
        {% else %}
            select
                '{{ arm["name"] }}' as arm,
                excluded.user_key,
                excluded.product_key
            from {{ ref("int_excluded_products") }} as excluded
            semi join {{ users }} as users on excluded.user_key = users.user_key
            where excluded.scope = 'published'
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
