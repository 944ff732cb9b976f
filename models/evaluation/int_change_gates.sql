with changes as (

    select
        *,
        case figure
            when 'recall@20' then 'gate_recall_fall' else 'gate_fall'
        end as bound,
        case figure
            when 'recall@20' then 1 - {{ var("gate_recall_fall") }}
            else 1 - {{ var("gate_fall") }}
        end * coalesce(last_lower, last_value) as threshold
    from {{ ref("int_figure_changes") }}
    where last_value is not null and figure in (
        'clean events', 'users', 'products', 'edges', 'share from the graph',
        'coverage', 'recall@20'
    )

),

shop as (

    select {{ figure("products kept") }} as products_kept
    from {{ ref("int_figure_changes") }}

)

{# Of two recalls the ends of the intervals are compared that lie closest. #}
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
            then least(users, last_users) || ' evaluated users in one of the two builds, '
                || 'gate_users asks for {{ var("gate_users") }}'
    end as lacks,
    'fell from ' || {{ as_figure("last_value") }} || ' to ' || {{ as_figure("value") }}
    || ', below ' || {{ as_figure("threshold") }} || ': if that is right, publish it once '
    || 'with VARS=''{' || bound || ': 1}''' as message
from changes
where (select products_kept from shop) >= 0.5
union all
{# Products tell the shop: another log of it has most of them. #}
select
    'comparison with the last build' as gate,
    products_kept as value,
    null as lower,
    null as upper,
    0.5 as threshold,
    null as last_value,
    false as is_short,
    'another log: ' || {{ as_percent("products_kept") }}
    || ' of the products of the last build are in it' as lacks,
    null as message
from shop
where products_kept < 0.5 and exists (select * from changes)
