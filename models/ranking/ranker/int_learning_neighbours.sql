{# int_neighbours as of the ranker's cut: count-based models only. #}
with neighbours as (
    select * from {{ ref("int_ranker_neighbours") }}
    where cut = 'learning'
),

scored as (
    {% for model in ("covisit", "rp3beta") %}
        select
            '{{ model }}' as model,
            product_key,
            neighbour_key,
            {{ model }} as score
        from neighbours
        where {{ model }} > 0
        union all
    {% endfor %}
    select
        '{{ unranked_models()[0] }}' as model,
        product_key,
        neighbour_key,
        {{ counted_score("neighbours") }} as score
    from neighbours
),

weighted as (
    select
        scored.model,
        scored.product_key,
        scored.neighbour_key,
        scored.score * factors.factor as score
    from scored
    inner join {{ ref("int_learning_factors") }} as factors
        on scored.neighbour_key = factors.product_key
    where scored.score > 0
)

select * from weighted
qualify row_number() over (
    partition by model, product_key order by score desc, neighbour_key
) <= {{ var("neighbours") }}
