{# For products with too few neighbours of a relation: what is popular in their
   category, then in the shop, so that every product has its rows. #}
with listed as (

    select * from {{ ref("int_listed_similar") }}

),

row_counts as (

    {# As many popular products as are listed already, one for the product itself, and
       `similar_products` more, are always enough. #}
    select
        products.product_id,
        products.category_code,
        relations.relation,
        count(listed.product_id) as listed_products,
        count(listed.product_id) + 1 + {{ var("similar_products") }} as enough
    from {{ ref("products") }} as products
    cross join (values ('substitute'), ('complement')) as relations (relation)
    left join listed
        on
            products.product_id = listed.product_id
            and relations.relation = listed.relation
    group by products.product_id, products.category_code, relations.relation

),

unfilled as (

    select * from row_counts
    where listed_products < {{ var("similar_products") }}

),

popularity as (

    select
        popularity.*,
        product_keys.product_id
    from {{ ref("int_popularity") }} as popularity
    inner join {{ ref("int_product_keys") }} as product_keys
        on popularity.product_key = product_keys.product_key
    where popularity.scope = 'published'

),

popular as (

    select
        unfilled.product_id,
        unfilled.relation,
        popularity.product_id as neighbour_product_id,
        popularity.score,
        'popular in category' as source,
        2 as step,
        popularity.category_rank as place
    from unfilled
    inner join popularity
        on
            unfilled.category_code = popularity.category_code
            and unfilled.enough >= popularity.category_rank
    union all
    select
        unfilled.product_id,
        unfilled.relation,
        popularity.product_id as neighbour_product_id,
        popularity.score,
        'popular in shop' as source,
        3 as step,
        popularity.shop_rank as place
    from unfilled
    inner join popularity on unfilled.enough >= popularity.shop_rank

)

select * from popular
where product_id != neighbour_product_id
