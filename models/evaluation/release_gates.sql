{# What has to hold before the tables are published. A figure of few users has a wide
   interval, which is why the hybrid is compared by its upper end: a gate closes on
   evidence. #}
with metrics as (

    select * from {{ ref("model_metrics") }}
    where k = 20 and segment = 'all'

),

accuracy as (

    select
        model,
        value,
        upper
    from metrics
    where task = 'next interaction' and metric = 'recall'

),

hybrid as (

    select * from accuracy
    where model = '{{ served_model() }}'

),

best_part as (

    select
        max(value) as value,
        max_by(model, (value, model)) as model
    from accuracy
    where array_contains({{ text_list(hybrid_parts()) }}, model)

),

gates as (

    select
        'recall@20 of the hybrid against popularity' as gate,
        hybrid.upper as value,
        popularity.value * {{ var("gate_recall_over_popularity") }} as threshold
    from hybrid
    cross join (
        select * from accuracy
        where model = 'popularity'
    ) as popularity
    union all
    select
        'recall@20 of the hybrid against its best part, ' || best_part.model as gate,
        hybrid.upper as value,
        best_part.value * {{ var("gate_recall_over_best_part") }} as threshold
    from hybrid
    cross join best_part
    union all
    select
        'coverage of products by the hybrid' as gate,
        coverage.value,
        least(
            {{ var("gate_coverage") }},
            {# Few evaluated users cannot cover many products. #}
            0.2 * evaluated.places / greatest(shop.products, 1)
        ) as threshold
    from metrics as coverage
    cross join (
        select count(*) as places
        from {{ ref("int_evaluated_recommendations") }}
        where model = '{{ served_model() }}'
    ) as evaluated
    cross join (select count(*) as products from {{ ref("products") }}) as shop
    where coverage.model = '{{ served_model() }}' and coverage.metric = 'coverage'

)

select
    gate,
    value,
    threshold,
    coalesce(value >= threshold, false) as is_passed
from gates
