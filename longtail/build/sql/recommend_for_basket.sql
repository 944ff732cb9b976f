-- Computed now from the neighbours of the products in the list: for a user who came a minute
-- ago. Where they end, or no product is known, what is popular follows. With a relation, from
-- similar_products instead, and nothing follows: what is popular is no substitute.
create or replace macro recommend_for_basket(
    product_ids, k := 20, popularity := 0, category := null, max_price := null, relation := null,
    min_price := null, brand := null, exclude := null, per_category := null, per_brand := null,
    skip := 0
) as table
with asked as (
    select distinct unnest(internal.as_list(product_ids)) as product_id
),

basket as (
    select
        products.product_id,
        products.product_key
    from products
    semi join asked on products.product_id = asked.product_id
),

votes as (
    select
        1 as step,
        basket.product_id as because_product_id,
        neighbours.neighbour_key as product_key,
        neighbours.score,
        'graph' as source
    from basket
    inner join internal.int_neighbours as neighbours on basket.product_key = neighbours.product_key
    where
        relation is null
        -- A basket has a list of its own even where what needs no neighbours serves the users best.
        and neighbours.model = case
            when internal.serving_model() in ('popularity', 'popular in category', 'own products')
                then 'hybrid'
            else internal.serving_model()
        end
    union all
    select
        case when starts_with(similar_products.source, 'popular') then 2 else 1 end as step,
        similar_products.product_id as because_product_id,
        products.product_key,
        similar_products.score,
        similar_products.source
    from similar_products
    inner join products on similar_products.similar_product_id = products.product_id
    semi join basket on similar_products.product_id = basket.product_id
    where
        similar_products.relation = relation
        and (similar_products.relation, similar_products.source)
        != ('substitute', 'popular in shop')
),

voted as (
    select
        votes.step,
        votes.product_key,
        sum(votes.score) as score,
        arg_max(votes.because_product_id, (votes.score, votes.because_product_id))
            as because_product_id,
        arg_max(votes.source, (votes.score, votes.because_product_id)) as source,
        count(*) as products_in_basket
    from votes
    group by votes.step, votes.product_key
    qualify row_number() over (partition by votes.product_key order by votes.step) = 1
),

found as (
    select
        voted.step,
        voted.score,
        voted.source,
        voted.because_product_id,
        voted.products_in_basket,
        fitting.*
    from voted
    inner join internal.fitting_products(category, brand, min_price, max_price, exclude)
        as fitting on voted.product_key = fitting.product_key
    anti join basket on voted.product_key = basket.product_key
),

-- A row when these do not fill the list: only then is what is popular looked up.
unanswered as (
    select
        'published' as scope,
        count(*) as answers
    from found
    having
        relation is null
        and (per_category is not null or per_brand is not null or count(*) < skip + k)
),

-- Without a cap as many as are asked for are always enough; the limit keeps the sorts below small.
popular_scores as (
    select
        fitting.product_key,
        shown.score
    from internal.int_popularity as shown
    inner join unanswered on shown.scope = unanswered.scope
    inner join internal.fitting_products(category, brand, min_price, max_price, exclude)
        as fitting on shown.product_key = fitting.product_key
    anti join basket on fitting.product_key = basket.product_key
    anti join found on fitting.product_key = found.product_key
    order by
        internal.with_popularity(shown.score, fitting.interactions, popularity) desc,
        fitting.product_id
    limit case
        when per_category is null and per_brand is null then greatest(coalesce(skip + k, 1), 1)
        else 1000000000
    end
),

popular as (
    select
        3 as step,
        popular_scores.score,
        case when category is null then 'popular in shop' else 'popular in category' end as source,
        0 as products_in_basket,
        products.*
    from popular_scores
    inner join products on popular_scores.product_key = products.product_key
),

ordered as (
    select
        steps.product_id,
        internal.with_popularity(steps.score, steps.interactions, popularity) as score,
        steps.source,
        steps.because_product_id,
        steps.products_in_basket,
        steps.product_name,
        steps.category_code,
        steps.brand,
        steps.price,
        steps.currency,
        steps.url,
        steps.image_url,
        row_number() over (
            order by
                steps.step,
                internal.with_popularity(steps.score, steps.interactions, popularity) desc,
                steps.product_id
        ) as place
    from (
        select found.* from found
        union all by name
        select popular.* from popular
    ) as steps
),

within_category as (
    select ordered.*
    from ordered
    qualify
        per_category is null
        or ordered.category_code is null
        or row_number() over (partition by ordered.category_code order by ordered.place)
        <= per_category
),

within_brand as (
    select within_category.*
    from within_category
    qualify
        per_brand is null
        or within_category.brand is null
        or row_number() over (partition by within_category.brand order by within_category.place)
        <= per_brand
),

numbered as (
    select
        cast(row_number() over (order by within_brand.place) as integer) as rank,
        within_brand.* exclude (place)
    from within_brand
),

complaints as (
    select string_agg(found.complaint, '; ' order by found.complaint) as complaint
    from (
        select 'no product of the basket is in the log: nothing has a relation to it' as complaint
        where relation is not null and not exists (select 1 from basket)
        union all
        select knobs.complaint
        from internal.knob_complaints(
            k, skip, popularity, category, brand, min_price, max_price, per_category, per_brand,
            relation
        ) as knobs
    ) as found
)

select numbered.*
from numbered
where numbered.rank > skip and numbered.rank <= skip + k
union all by name
select null as rank
from complaints
where internal.is_refused(complaints.complaint)
order by rank;

comment on macro table recommend_for_basket is
    'One row per rank: what goes with a list of products, then what is popular. recommend_for_basket([product_ids], k := 20, popularity := 0, category := null, max_price := null, relation := null, min_price := null, brand := null, exclude := null, per_category := null, per_brand := null, skip := 0).';
