-- Up to k substitutes and up to k complements of a product. What is merely popular in the shop
-- takes nothing's place: it is no substitute here, whatever the filter leaves of the others.
create or replace macro similar_to(
    product_id, k := 20, popularity := 0, category := null, max_price := null, relation := null
) as table
with wanted as (

    select
        checked_count(k) as rows_wanted,
        checked_relation(relation) as relation_wanted

),

numbered as (

    select
        similar_products.relation,
        cast(row_number() over (
            partition by similar_products.relation
            order by
                case when popularity = 0 then similar_products.rank end,
                starts_with(similar_products.source, 'popular'),
                with_popularity(similar_products.score, found.interactions, popularity) desc,
                found.product_id
        ) as integer) as rank,
        found.product_id as similar_product_id,
        with_popularity(similar_products.score, found.interactions, popularity) as score,
        similar_products.sessions_together,
        found.product_name,
        found.category_code,
        found.brand,
        found.price,
        similar_products.source
    from similar_products
    cross join wanted
    inner join products as found on similar_products.similar_product_id = found.product_id
    where
        similar_products.product_id = cast(product_id as varchar)
        and (wanted.relation_wanted is null or similar_products.relation = wanted.relation_wanted)
        and (similar_products.relation, similar_products.source)
        != ('substitute', 'popular in shop')
        and is_in_category(found.category_code, category)
        and is_within_price(found.price, max_price)

)

select numbered.*
from numbered
where numbered.rank <= (select wanted.rows_wanted from wanted)
order by numbered.relation desc, numbered.rank;

comment on macro table similar_to is
    'One row per relation and rank: up to k substitutes and k complements. similar_to(product_id, k := 20, popularity := 0, category := null, max_price := null, relation := null).';
