{# The model behind the published lists. #}
{% if ranker() == "off" %}
    select
        'hybrid' as model,
        cast(null as string) as ranker,
        'the var ranker is off' as reason
{% else %}
    select
        coalesce(fallback, '{{ unranked_models()[0] }}') as model,
        case when is_used then ranker end as ranker,
        reason
    from {{ ref("int_ranker") }}
{% endif %}
