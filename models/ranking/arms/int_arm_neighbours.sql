{# Like int_neighbours for the hybrid. 1. arm_factors, weights: by each arm's vars;
   2. blended: a product's default factor is divided out before the arm's is applied. #}
{{ config(enabled=unranked_arms() | length > 0) }}
{% set blends = {} %}
{% for arm in unranked_arms() %}
    {% do blends.update({arm["name"]: arm_var(arm, "blend")}) %}
{% endfor %}

with arm_factors as (
    {% for arm in unranked_arms() %}
        select
            '{{ arm["name"] }}' as arm,
            products.product_key,
            products.factor
        from (
            with {{ product_factors(
                ref("int_timeline"),
                "not interactions.is_holdout",
                arm["vars"].get("interactions_exponent"),
                arm["vars"].get("trend_weight"),
            ) }}

            select * from product_factors
        ) as products
        {{ "union all" if not loop.last }}
    {% endfor %}
),

weights as (
    {{ blend_weights(blends, "arm") }}
),

blended as (
    select
        weights.arm,
        comparable.product_key,
        comparable.neighbour_key,
        {{ exact_sum(
            "comparable.score / factors.factor * arm_factors.factor * weights.weight", 12
        ) }} as score
    from {{ ref("int_comparable_neighbours") }} as comparable
    inner join weights on comparable.model = weights.model
    inner join {{ ref("int_product_factors") }} as factors
        on comparable.neighbour_key = factors.product_key
    inner join arm_factors
        on
            weights.arm = arm_factors.arm
            and comparable.neighbour_key = arm_factors.product_key
    group by weights.arm, comparable.product_key, comparable.neighbour_key
),

ranked as (
    select
        *,
        cast(row_number() over (
            partition by arm, product_key
            order by score desc, neighbour_key
        ) as integer) as rank
    from blended
    where score > 0
)

select
    arm,
    product_key,
    neighbour_key,
    rank,
    score
from ranked
where rank <= {{ var("neighbours") }}
