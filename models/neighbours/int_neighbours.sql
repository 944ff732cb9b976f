{# The neighbours of all models on one scale, and the hybrid's:
   1. weights: what the var blend gives to each model;
   2. blended: the hybrid's score of a pair is the weighted sum of all models' scores;
   3. ranked: the best of each product and model, the hybrid being one more model. With
   a ranker also "counted", count-based models only: see unranked_models. #}
{% set blends = {"hybrid": var("blend")} %}
{% if ranker() != "off" %}
    {% do blends.update({"counted": counted_blend()}) %}
{% endif %}

with comparable as (
    select * from {{ ref("int_comparable_neighbours") }}
),

weights as (
    {{ blend_weights(blends, "blend") }}
),

blended as (
    select
        weights.blend as model,
        comparable.product_key,
        comparable.neighbour_key,
        {{ exact_sum("comparable.score * weights.weight", 12) }} as score
    from comparable
    inner join weights on comparable.model = weights.model
    group by weights.blend, comparable.product_key, comparable.neighbour_key
),

ranked as (
    select
        *,
        cast(row_number() over (
            partition by model, product_key
            order by score desc, neighbour_key
        ) as integer) as rank
    from (
        select * from comparable
        union all
        select * from blended
        where score > 0
    )
)

select
    model,
    product_key,
    neighbour_key,
    rank,
    score
from ranked
where rank <= {{ var("neighbours") }}
