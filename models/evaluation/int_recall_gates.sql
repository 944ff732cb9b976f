{% set more_users = "name more users in the targets" if var("targets")
    else "raise holdout_days, which counts up to a fifth of the log" %}

with build as (
    select
        {{ figure("recall@20") }} as value,
        {{ figure("recall@20", "lower") }} as lower,
        {{ figure("recall@20", "upper") }} as upper,
        {{ figure("recall@20", "users") }} as users,
        {{ figure("recall@20", "last_value") }} as last_value,
        {{ figure("edges") }} as edges,
        {{ figure("recommendations from the graph") }} as from_graph,
        {{ figure("repeated purchases") }} as repeats
    from {{ ref("int_figure_changes") }}
)

{# Fewer than six users who differ cannot pass a two-sided sign test at 95 %. #}
select
    'recall@20 of the hybrid against ' || baselines.baseline as gate,
    build.value,
    build.lower,
    build.upper,
    margins.threshold,
    margins.margin_lower,
    margins.margin_upper,
    build.last_value,
    margins.margin_upper < 0 as is_short,
    case
        when build.users < {{ var("gate_users") }}
            then
                'evaluated users: ' || build.users
                || ' of {{ var("gate_users") }} (gate_users); {{ more_users }}'
        when build.edges < {{ var("gate_edges") }}
            then 'fewer edges than gate_edges asks for'
        when build.from_graph < {{ var("gate_recommendations") }}
            then 'fewer from the graph than gate_recommendations asks for'
        when greatest(margins.value, margins.threshold) = 0
            then 'no list holds a target of the ' || build.users || ' evaluated users'
        when margins.margin_upper < 0 and margins.differing_users < 6
            then 'only ' || margins.differing_users || ' users tell the two apart'
    end as lacks,
    {{ as_figure("build.value") }} || ' falls short of '
    || {{ as_figure("margins.threshold") }} || ' (' || margins.model || ') by at least '
    || {{ as_figure("-margins.margin_upper") }} || ' (95 % interval); '
    || case
        when baselines.baseline = 'popularity'
            then {{ repeats_advice("build.repeats", "margins.threshold") }}
        else 'give ' || margins.model || ' more weight in blend'
    end as message
from build
cross join (values ('popularity'), ('its best part')) as baselines (baseline)
left join {{ ref("int_recall_margins") }} as margins
    on baselines.baseline = margins.baseline
