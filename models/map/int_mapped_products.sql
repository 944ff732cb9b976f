with embeddings as (
    select
        product_id,
        vector
    from {{ ref("embeddings_node2vec") }}
    where vector_source = 'walks'
),

most_popular as (
    select embeddings.*
    from embeddings
    inner join {{ ref("products") }} as products
        on embeddings.product_id = products.product_id
    order by products.interactions desc, products.product_id
    limit {{ var("map_products") }}
)

select * from most_popular
