{# 1. lists: places, users and sources per product; repeats of the history say nothing
   about the graph, so the share leaves them out;
   2. within_reach: products that a list can hold;
   3. figures: a row each, then with intervals. #}
{% set figures = {
    "clean events": ["count(*)", ref("int_interactions")],
    "products": ["count(*)", ref("products")],
    "edges": ["count(*)", ref("product_edges")],
    "users": ["sum(users)", "lists"],
    "recommendations": ["sum(places)", "lists"],
    "recommendations from the graph": ["sum(from_graph)", "lists"],
    "share from the graph": ["sum(from_graph) / nullif(sum(places - repeats), 0)", "lists"],
    "coverage": ["count(list_product_id) / nullif(count(*), 0)", "within_reach"],
    "repeated purchases": ["sum(repeats) / nullif(sum(purchases), 0)", ref("int_held_out_repeats")],
} %}

with lists as (
    select
        product_id,
        count(*) as places,
        count(*) filter (where rank = 1) as users,
        count(*) filter (where source in ('graph', 'ranked')) as from_graph,
        count(*) filter (where source = 'seen before') as repeats
    from {{ ref("user_recommendations") }}
    group by product_id
),

within_reach as (
    {# No list can hold products that may not be shown, and few lists hold unseen
       ones. #}
    select
        products.product_id,
        lists.product_id as list_product_id
    from {{ ref("products") }} as products
    inner join {{ ref("product_availability") }} as availability
        on products.product_id = availability.product_id
    left join lists on products.product_id = lists.product_id
    where availability.is_shown and products.first_seen_at is not null
),

figures as (
    {% for figure, (value, rows) in figures.items() %}
        select
            '{{ figure }}' as figure,
            cast({{ value }} as double) as value,
            cast(null as bigint) as users
        from {{ rows }}
        union all
    {% endfor %}
    select
        'recall@20' as figure,
        max(value) as value,
        coalesce(max(users), 0) as users
    from {{ ref("model_metrics") }}
    where
        model = '{{ served_model() }}' and task = 'next interaction' and segment = 'all'
        and metric = 'recall' and k = 20
)

select
    figure,
    coalesce(value, 0) as value,
    {{ wilson_end("value", "users", "-") }} as lower,
    {{ wilson_end("value", "users", "+") }} as upper,
    users
from figures
