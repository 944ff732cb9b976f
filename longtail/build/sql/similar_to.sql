-- Up to k substitutes and up to k complements of a product. What is merely popular in the shop
-- takes nothing's place: it is no substitute here, whatever the filter leaves of the others.
create or replace macro similar_to(
    product_id, k := 20, popularity := 0, category := null, max_price := null, relation := null,
    min_price := null, brand := null, exclude := null, per_category := null, per_brand := null,
    skip := 0
) as table
with ordered as (
    select
        similar_products.relation,
        found.product_id as similar_product_id,
        internal.with_popularity(similar_products.score, found.interactions, popularity) as score,
        similar_products.sessions_together,
        found.product_name,
        found.category_code,
        found.brand,
        found.price,
        found.currency,
        found.url,
        found.image_url,
        similar_products.source,
        row_number() over (
            partition by similar_products.relation
            order by
                case when popularity = 0 then similar_products.rank end,
                starts_with(similar_products.source, 'popular'),
                internal.with_popularity(similar_products.score, found.interactions, popularity)
                    desc,
                found.product_id
        ) as place
    from similar_products
    inner join internal.fitting_products(category, brand, min_price, max_price, exclude) as found
        on similar_products.similar_product_id = found.product_id
    where
        similar_products.product_id = cast(product_id as varchar)
        and (relation is null or similar_products.relation = relation)
        and (similar_products.relation, similar_products.source)
        != ('substitute', 'popular in shop')
),

within_category as (
    select ordered.*
    from ordered
    qualify
        per_category is null
        or ordered.category_code is null
        or row_number() over (
            partition by ordered.relation, ordered.category_code order by ordered.place
        ) <= per_category
),

within_brand as (
    select within_category.*
    from within_category
    qualify
        per_brand is null
        or within_category.brand is null
        or row_number() over (
            partition by within_category.relation, within_category.brand
            order by within_category.place
        ) <= per_brand
),

numbered as (
    select
        within_brand.relation,
        cast(row_number() over (
            partition by within_brand.relation order by within_brand.place
        ) as integer) as rank,
        within_brand.* exclude (relation, place)
    from within_brand
),

complaints as (
    select string_agg(found.complaint, '; ' order by found.complaint) as complaint
    from (
        select unknown.complaint
        from internal.product_complaints(product_id) as unknown
        union all
        select knobs.complaint
        from internal.knob_complaints(
            k, skip, popularity, category, brand, min_price, max_price, per_category, per_brand,
            relation
        ) as knobs
    ) as found
)

select answers.*
from (
    select numbered.*
    from numbered
    where numbered.rank > skip and numbered.rank <= skip + k
    union all by name
    select null as rank
    from complaints
    where internal.is_refused(complaints.complaint)
) as answers
order by answers.relation desc, answers.rank;

comment on macro table similar_to is
    'One row per relation and rank: up to k substitutes and k complements. similar_to(product_id, k := 20, popularity := 0, category := null, max_price := null, relation := null, min_price := null, brand := null, exclude := null, per_category := null, per_brand := null, skip := 0).';
