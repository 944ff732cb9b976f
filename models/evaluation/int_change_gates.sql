with shop as (
    {# Products identify the shop: its later logs still have most of them. #}
    select {{ figure("products kept") }} as products_kept
    from {{ ref("int_figure_changes") }}
    having count(last_value) > 0
),

bounds as (
    {# Two intervals are compared by their closest ends. #}
    select
        changes.*,
        coalesce(changes.last_lower, changes.last_value)
        * case changes.figure
            when 'recall@20' then 1 - {{ var("gate_recall_fall") }}
            else 1 - {{ var("gate_fall") }}
        end as threshold,
        case changes.figure
            when 'recall@20' then 'gate_recall_fall' else 'gate_fall'
        end as name
    from {{ ref("int_figure_changes") }} as changes
    inner join shop on shop.products_kept >= 0.5
    where
        changes.figure in (
            'clean events', 'users', 'products', 'edges', 'share from the graph',
            'coverage', 'recall@20'
        )
)

select
    figure || ' since the last build' as gate,
    value,
    lower,
    upper,
    threshold,
    last_value,
    coalesce(upper, value) < threshold as is_short,
    case
        when least(users, last_users) < {{ var("gate_users") }}
            then
                'evaluated users in one of the builds: ' || least(users, last_users)
                || ' of {{ var("gate_users") }} (gate_users)'
    end as lacks,
    'fell from ' || {{ as_figure("last_value") }} || ' to ' || {{ as_figure("value") }}
    || ', below ' || {{ as_figure("threshold") }} || ': if that is right, '
    || name || ': 1 lets it pass once' as message
from bounds
union all
select
    'comparison with the last build' as gate,
    products_kept as value,
    cast(null as double) as lower,
    cast(null as double) as upper,
    cast(0.5 as double) as threshold,
    cast(null as double) as last_value,
    false as is_short,
    'another log, which has ' || {{ as_percent("products_kept") }}
    || ' of the last products' as lacks,
    cast(null as string) as message
from shop
where products_kept < 0.5
