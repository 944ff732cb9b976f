{% set vector = var("catalogue_vector", "") != "" %}

{# Ten lend a product their vectors: measured on the demo, 5 to 20 are equally good. #}
{% set lenders = 10 %}
with likenesses as (
    select
        product_key,
        neighbour_key,
        score
    from {{ ref("int_content_overlaps") }}
    {% if vector %}
        union all
        select
            product_key,
            neighbour_key,
            score
        from {{ ref("int_content_cosines") }}
        where score > 0
    {% endif %}
),

pairs as (
    {# A pair that only one of the two names has half its score. #}
    select
        product_key,
        neighbour_key,
        {{ exact_sum("score", 9) }} / {{ 2 if vector else 1 }} as score
    from likenesses
    group by product_key, neighbour_key
),

ranked as (
    select
        pairs.product_key,
        pairs.neighbour_key,
        nodes.node_id,
        cast(row_number() over (
            partition by pairs.product_key
            order by pairs.score desc, products.interactions desc, pairs.neighbour_key
        ) as integer) as rank,
        pairs.score
    from pairs
    inner join {{ ref("product_nodes") }} as nodes
        on pairs.neighbour_key = nodes.product_key
    inner join {{ ref("products") }} as products
        on pairs.neighbour_key = products.product_key
)

select * from ranked
where rank <= {{ lenders }} and score > 0
