with recalls as (
    select
        model,
        user_key,
        value
    from {{ ref("int_user_metrics") }}
    where
        task = 'next interaction' and target_group = 'all'
        and metric = 'recall' and k = 20
),

parts as (
    select
        model,
        avg(value) as value
    from recalls
    where {{ is_one_of("model", hybrid_parts()) }}
    group by model
),

baselines as (
    select
        'popularity' as baseline,
        'popularity' as model,
        {{ var("gate_recall_over_popularity") }} as factor
    union all
    select
        'its best part' as baseline,
        max_by(model, (value, model)) as model,
        {{ var("gate_recall_over_best_part") }} as factor
    from parts
),

pairs as (
    select
        baselines.baseline,
        baselines.model,
        served.user_key,
        served.value,
        others.value as baseline_value,
        cast(others.value * baselines.factor as double) as threshold
    from baselines
    inner join recalls as others on baselines.model = others.model
    inner join recalls as served
        on
            others.user_key = served.user_key
            and served.model = '{{ served_model() }}'
)

select * from pairs
