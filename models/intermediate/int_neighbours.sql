with neighbours as (

    {% for model in neighbour_models() %}
        select
            '{{ model }}' as model,
            product_id,
            neighbour_product_id,
            score
        from {{ ref("neighbours_" ~ model) }}
        {{ "union all" if not loop.last }}
    {% endfor %}

),

keyed as (

    {# Largest neighbour = 1, so that models of different units can be blended. #}
    select
        neighbours.model,
        products.product_key,
        found.product_key as neighbour_key,
        neighbours.score
        / max(neighbours.score) over (
            partition by neighbours.model, products.product_key
        ) as score
    from neighbours
    inner join {{ ref("int_product_keys") }} as products
        on neighbours.product_id = products.product_id
    inner join {{ ref("int_product_keys") }} as found
        on neighbours.neighbour_product_id = found.product_id
    where neighbours.score > 0

),

blended as (

    select
        'hybrid' as model,
        product_key,
        neighbour_key,
        sum(cast(round(1e9 * score * case model
            {% for model, weight in var("blend").items() %}
                when '{{ model }}' then {{ weight }}
            {% endfor %}
        end) as bigint)) / 1e9 as score
    from keyed
    group by product_key, neighbour_key

),

ranked as (

    select
        *,
        row_number() over (
            partition by model, product_key
            order by score desc, neighbour_key
        ) as rank
    from (
        select * from keyed
        union all
        select * from blended where score > 0
    )

)

select
    model,
    product_key,
    neighbour_key,
    cast(rank as integer) as rank,
    score
from ranked
where rank <= {{ var("neighbours") }}
