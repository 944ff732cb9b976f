with neighbours as (
    {% for model, declared in neighbour_models().items() %}
        select
            '{{ model }}' as model,
            {{ (declared.kind != "share") | lower }} as is_scaled,
            product_id,
            neighbour_product_id,
            {{ comparable_score(declared.kind) }} as score
        from {{ ref(declared.table) }}
        {{ "union all" if not loop.last }}
    {% endfor %}
),

keyed as (
    select
        neighbours.model,
        neighbours.is_scaled,
        products.product_key,
        found.product_key as neighbour_key,
        neighbours.score
    from neighbours
    inner join {{ ref("int_product_keys") }} as products
        on neighbours.product_id = products.product_id
    inner join {{ ref("int_product_keys") }} as found
        on neighbours.neighbour_product_id = found.product_id
    where neighbours.score > 0
),

row_sums as (
    select
        model,
        product_key,
        {{ exact_sum("score", 9) }} as row_sum
    from keyed
    group by model, product_key
)

{# Scaled rows sum to 1, like those of the SQL models. #}
select
    keyed.model,
    keyed.product_key,
    keyed.neighbour_key,
    keyed.score / case when keyed.is_scaled then row_sums.row_sum else 1 end
    * factors.factor as score
from keyed
inner join row_sums
    on keyed.model = row_sums.model and keyed.product_key = row_sums.product_key
inner join {{ ref("int_product_factors") }} as factors
    on keyed.neighbour_key = factors.product_key
where row_sums.row_sum > 0 and {{ computed_once() }}
