{# 1. build: figures of this build;
   2. bounds: per gate, what is missing to judge it and what usually helps; then each
      figure against its bound. #}
with build as (
    select
        {{ figure("edges") }} as edges,
        {{ figure("products") }} as products,
        {{ figure("recommendations") }} as recommendations
    from {{ ref("int_figure_changes") }}
),

bounds as (
    select
        'edges' as figure,
        'edges of the graph' as gate,
        least({{ var("gate_edges") }}, 1) as threshold,
        case
            when edges > 0 and edges < {{ var("gate_edges") }}
                then cast(edges as bigint) || ' are fewer than gate_edges asks for'
        end as lacks,
        'check event_time (int_timeline has the first and last) and user_session; '
        || 'gate_edges: 0 publishes popular products alone' as advice
    from build
    union all
    select
        'share from the graph' as figure,
        'share of recommendations from the graph' as gate,
        {{ var("gate_graph_share") }} as threshold,
        {{ few_recommendations("recommendations") }} as lacks,
        'most lists hold what is popular: check graph_cutoff, product_id and user_id; '
        || 'gate_graph_share lowers the bound' as advice
    from build
    union all
    select
        'coverage' as figure,
        'coverage of products by the hybrid' as gate,
        {# Few lists cannot cover many products. #}
        least({{ var("gate_coverage") }}, 0.2 * recommendations / greatest(products, 1))
            as threshold,
        {{ few_recommendations("recommendations") }} as lacks,
        'a few products take all places: lower interactions_exponent or raise '
        || 'rp3_beta; gate_coverage lowers the bound' as advice
    from build
)

select
    bounds.gate,
    changes.value,
    changes.lower,
    changes.upper,
    cast(bounds.threshold as double) as threshold,
    changes.last_value,
    changes.value < bounds.threshold as is_short,
    bounds.lacks,
    {{ as_figure("changes.value") }} || ', must be at least '
    || {{ as_figure("bounds.threshold") }} || ': ' || bounds.advice as message
from bounds
inner join {{ ref("int_figure_changes") }} as changes on bounds.figure = changes.figure
{% if ranker() != "off" %}
    {# Lists that are better without the graph need no share from it. #}
    cross join {{ ref("int_serving") }} as serving
    where
        bounds.figure = 'edges'
        or serving.ranker is not null
        or serving.model not in ('popularity', 'popular in category', 'own products')
{% endif %}
