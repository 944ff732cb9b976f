{# The neighbours of all models on one scale, and the hybrid's:
   1. weights: what the var blend gives to each model;
   2. blended: the hybrid's score of a pair is the weighted sum of all models' scores;
   3. ranked: the best of each product and model, the hybrid being one more model. #}
with comparable as (

    select * from {{ ref("int_comparable_neighbours") }}

),

weights as (

    select
        blend.model,
        blend.weight
    from (
        values
        {% for model in neighbour_models() %}
            {% set weight = var("blend")[model] | default(0, true) %}
            ('{{ model }}', cast({{ weight }} as double)){{ "," if not loop.last }}
        {% endfor %}
    ) as blend (model, weight)

),

blended as (

    select
        'hybrid' as model,
        comparable.product_key,
        comparable.neighbour_key,
        {{ exact_sum("comparable.score * weights.weight", 12) }} as score
    from comparable
    inner join weights on comparable.model = weights.model
    group by comparable.product_key, comparable.neighbour_key

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
