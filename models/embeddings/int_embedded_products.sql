{# What training needs of a product: its node; when it has none, its category and brand
   and, where the catalogue has content, the nodes nearest in content. #}
{% set has_content = content_columns() | length > 0 %}
with products as (
    select * from {{ ref("products") }}
),

nodes as (
    select * from {{ ref("product_nodes") }}
),

{% if has_content %}
    nearest as (
        select
            product_key,
            array_agg(node_id order by rank) as content_node_ids,
            array_agg(score order by rank) as content_scores
        from {{ ref("int_content_neighbours") }}
        group by product_key
    ),
{% endif %}

embedded_products as (
    select
        products.product_id,
        nodes.node_id,
        products.level_1,
        {{ category_prefix("products.category_code", 2) }} as level_2,
        {{ category_prefix("products.category_code", 3) }} as level_3,
        {{ category_prefix("products.category_code", 4) }} as level_4,
        {% if has_content %}
            nearest.content_node_ids,
            nearest.content_scores,
        {% endif %}
        products.brand
    from products
    left join nodes on products.product_id = nodes.product_id
    {% if has_content %}
        left join nearest on products.product_key = nearest.product_key
    {% endif %}
)

select * from embedded_products
