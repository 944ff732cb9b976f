{# Compared with the staged events, not with int_arm_exclusions. #}
{% set arms = arms_with_vars() | selectattr("vars.exclude", "defined") | list %}
{{ config(enabled=arms | length > 0) }}

{% for arm in arms %}
    select
        recommendations.arm,
        recommendations.user_id,
        recommendations.product_id
    from {{ ref("user_recommendations") }} as recommendations
    semi join {{ ref("stg_events") }} as events
        on
            recommendations.user_id = events.user_id
            and recommendations.product_id = events.product_id
            and {{ is_excluded(arm["vars"]["exclude"])
                | replace("event_type", "events.event_type") }}
    where recommendations.arm = '{{ arm["name"] }}'
    {{ "union all" if not loop.last }}
{% endfor %}
