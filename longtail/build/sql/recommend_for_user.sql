-- The published rows of a user first, as they are; then, when more are asked for or a knob leaves
-- too few, further neighbours of the history, computed now; then what is popular.
create or replace macro recommend_for_user(
    user_id, k := 20, popularity := 0, category := null, max_price := null, min_price := null,
    brand := null, exclude := null, per_category := null, per_brand := null, skip := 0
) as table
-- No list is longer than 1,000 (the var recommendations). The limit tells DuckDB that the rows are
-- few, so that it looks their products up instead of reading all.
with own as (
    select recommendations.*
    from user_recommendations as recommendations
    where recommendations.user_id = cast(user_id as varchar)
    order by recommendations.rank
    limit 1000
),

published as (
    select
        own.rank as published_rank,
        own.score as published_score,
        own.source,
        own.because_product_id,
        own.because_event_type,
        own.is_seen,
        found.*
    from own
    inner join internal.fitting_products(category, brand, min_price, max_price, exclude) as found
        on own.product_id = found.product_id
),

-- A row when the published rows do not answer by themselves. Without it nothing else is read.
unanswered as (
    select
        'published' as scope,
        count(*) as answers
    from (
        select published.brand
        from published
        qualify
            per_category is null
            or published.category_code is null
            or row_number() over (
                partition by published.category_code order by published.published_rank
            ) <= per_category
    ) as within_category
    having
        popularity != 0
        -- Of a cap on brands, on top, a lower bound is enough.
        or case
            when per_brand is null then count(*)
            else count(*) filter (within_category.brand is null)
                + count(distinct within_category.brand)
        end < skip + k
),

-- One row, so that DuckDB looks the key up in the tables below; null for an unknown user.
known_user as (
    select max(user_keys.user_key) as user_key
    from internal.int_user_keys as user_keys
    cross join unanswered
    where user_keys.user_id = cast(user_id as varchar)
),

excluded as (
    select excluded_products.product_key
    from internal.int_excluded_products as excluded_products
    inner join known_user on excluded_products.user_key = known_user.user_key
    where excluded_products.scope = 'published'
    union
    select hidden_pairs.product_key
    from internal.int_hidden_pairs as hidden_pairs
    where hidden_pairs.user_id = cast(user_id as varchar)
),

live_terms as (
    select
        neighbours.neighbour_key as product_key,
        because.product_id as because_product_id,
        histories.event_type as because_event_type,
        histories.interest * neighbours.score as term
    from internal.int_user_histories as histories
    inner join known_user on histories.user_key = known_user.user_key
    inner join products as because on histories.product_key = because.product_key
    inner join internal.int_neighbours as neighbours
        on histories.product_key = neighbours.product_key
    where histories.scope = 'published' and neighbours.model = internal.serving_model()
),

live_scores as (
    select
        live_terms.product_key,
        sum(live_terms.term) as score
    from live_terms
    anti join excluded on live_terms.product_key = excluded.product_key
    anti join published on live_terms.product_key = published.product_key
    group by live_terms.product_key
),

live_steps as (
    select
        1 as step,
        live_scores.score,
        'graph' as source,
        found.*
    from live_scores
    inner join internal.fitting_products(category, brand, min_price, max_price, exclude) as found
        on live_scores.product_key = found.product_key
),

-- Without a cap as many as are asked for are always enough; the limit keeps the sorts below small.
popular_scores as (
    select
        found.product_key,
        shown.score
    from internal.int_popularity as shown
    inner join unanswered on shown.scope = unanswered.scope
    inner join internal.fitting_products(category, brand, min_price, max_price, exclude) as found
        on shown.product_key = found.product_key
    anti join excluded on found.product_key = excluded.product_key
    anti join published on found.product_key = published.product_key
    anti join live_steps on found.product_key = live_steps.product_key
    order by
        internal.with_popularity(shown.score, found.interactions, popularity) desc,
        found.product_id
    limit case
        when per_category is null and per_brand is null then greatest(coalesce(skip + k, 1), 1)
        else 1000000000
    end
),

popular as (
    select
        2 as step,
        popular_scores.score,
        case when category is null then 'popular in shop' else 'popular in category' end as source,
        products.*
    from popular_scores
    inner join products on popular_scores.product_key = products.product_key
),

steps as (
    select
        published.* exclude (published_score),
        -- Popular rows have scores of their own: with the dial turned they come last.
        case
            when popularity != 0 and starts_with(published.source, 'popular') then 2
            else 1
        end as step,
        published.published_score as score
    from published
    union all by name
    select live_steps.* from live_steps
    union all by name
    select popular.* from popular
),

ordered as (
    select
        steps.product_id,
        internal.with_popularity(steps.score, steps.interactions, popularity) as score,
        steps.source,
        steps.because_product_id,
        steps.because_event_type,
        steps.product_key,
        steps.product_name,
        steps.category_code,
        steps.brand,
        steps.price,
        steps.currency,
        steps.url,
        steps.image_url,
        steps.is_seen,
        steps.step = 1 and steps.published_rank is null as is_live,
        row_number() over (
            order by
                steps.step,
                case when popularity = 0 then steps.published_rank end nulls last,
                internal.with_popularity(steps.score, steps.interactions, popularity) desc,
                steps.product_id
        ) as place
    from steps
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
        within_brand.*
    from within_brand
),

listed as (
    select numbered.*
    from numbered
    where numbered.rank > skip and numbered.rank <= skip + k
),

-- The published rows say it themselves: the events are only read where another row is listed.
asked_about as (
    select known_user.user_key
    from known_user
    where exists (select 1 from listed where listed.is_seen is null)
),

seen as (
    select distinct events.product_key
    from internal.int_events_flagged as events
    inner join asked_about on events.user_key = asked_about.user_key
),

-- By the rule of the published rows: the product of the history that speaks most for a row and
-- is not listed above it; the one that speaks most of all where there is no other.
live_causes as (
    select
        numbered.product_id,
        live_terms.because_product_id,
        live_terms.because_event_type,
        row_number() over (
            partition by numbered.product_id
            order by
                coalesce(places.rank < numbered.rank, false),
                live_terms.term desc,
                live_terms.because_product_id
        ) as place
    from numbered
    inner join live_terms on numbered.product_key = live_terms.product_key
    left join numbered as places on live_terms.because_product_id = places.product_id
    where numbered.is_live
)

select
    listed.rank,
    listed.product_id,
    listed.score,
    case when listed.is_live and seen.product_key is not null then 'seen before' else listed.source end
        as source,
    coalesce(listed.because_product_id, live_causes.because_product_id) as because_product_id,
    coalesce(listed.because_event_type, live_causes.because_event_type) as because_event_type,
    listed.product_name,
    listed.category_code,
    listed.brand,
    listed.price,
    listed.currency,
    listed.url,
    listed.image_url,
    coalesce(listed.is_seen, seen.product_key is not null) as is_seen
from listed
left join live_causes on listed.product_id = live_causes.product_id and live_causes.place = 1
left join seen on listed.product_key = seen.product_key
union all by name
select null as rank
from (
    select string_agg(knobs.complaint, '; ' order by knobs.complaint) as complaint
    from internal.knob_complaints(
        k, skip, popularity, category, brand, min_price, max_price, per_category, per_brand, null
    ) as knobs
) as complaints
where internal.is_refused(complaints.complaint)
order by rank;

comment on macro table recommend_for_user is
    'One row per rank: what to show a user. recommend_for_user(user_id, k := 20, popularity := 0, category := null, max_price := null, min_price := null, brand := null, exclude := null, per_category := null, per_brand := null, skip := 0). An unknown user gets what is popular, and its source says so.';
