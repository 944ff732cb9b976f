-- Worked out now from the neighbours of the products in the list: for a user who came a minute
-- ago. With a relation, from similar_products instead of the hybrid's neighbours: evidence first,
-- then what is popular.
create or replace macro recommend_for_basket(
    product_ids, k := 20, popularity := 0, category := null, max_price := null, relation := null
) as table
with wanted as (

    select
        checked_count(k) as rows_wanted,
        checked_relation(relation) as relation_wanted

),

basket as (

    select
        products.product_id,
        products.product_key
    from products
    where products.product_id in (
        select unnest(cast(product_ids as varchar[]))
    )

),

edges as (

    select
        basket.product_id as because_product_id,
        neighbours.neighbour_key as product_key,
        neighbours.score,
        false as is_popular
    from basket
    inner join internal.int_neighbours as neighbours on basket.product_key = neighbours.product_key
    where relation is null and neighbours.model = 'hybrid'
    union all
    select
        similar_products.product_id as because_product_id,
        found.product_key,
        similar_products.score,
        starts_with(similar_products.source, 'popular') as is_popular
    from similar_products
    inner join products as found on similar_products.similar_product_id = found.product_id
    semi join basket on similar_products.product_id = basket.product_id
    where
        relation is not null
        and similar_products.relation = (select wanted.relation_wanted from wanted)
        and (similar_products.relation, similar_products.source)
        != ('substitute', 'popular in shop')

),

scored as (

    select
        edges.product_key,
        edges.is_popular,
        sum(edges.score) as score,
        arg_max(edges.because_product_id, edges.score) as because_product_id,
        count(*) as products_in_basket
    from edges
    anti join basket on edges.product_key = basket.product_key
    group by edges.product_key, edges.is_popular
    qualify row_number() over (partition by edges.product_key order by edges.is_popular) = 1

),

numbered as (

    select
        cast(row_number() over (
            order by
                scored.is_popular,
                with_popularity(scored.score, found.interactions, popularity) desc,
                found.product_id
        ) as integer) as rank,
        found.product_id,
        with_popularity(scored.score, found.interactions, popularity) as score,
        scored.because_product_id,
        scored.products_in_basket,
        found.product_name,
        found.category_code,
        found.brand,
        found.price
    from scored
    inner join products as found on scored.product_key = found.product_key
    where is_in_category(found.category_code, category) and is_within_price(found.price, max_price)

)

select numbered.*
from numbered
where numbered.rank <= (select wanted.rows_wanted from wanted)
order by numbered.rank;

comment on macro table recommend_for_basket is
    'One row per rank: what goes with a list of products. recommend_for_basket([product_ids], k := 20, popularity := 0, category := null, max_price := null, relation := null).';
