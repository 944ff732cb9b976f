-- The published rows of a user first; then, when more are asked for or a knob leaves too few,
-- further neighbours of the history, computed now; then what is popular.
create or replace macro recommend_for_user(
    user_id, k := 20, popularity := 0, category := null, max_price := null, min_price := null,
    brand := null, exclude := null, per_category := null, per_brand := null, skip := 0
) as table
with published as (
    select recommendations.*
    from user_recommendations as recommendations
    where recommendations.user_id = cast(user_id as varchar)
),

known_user as (
    select user_keys.user_key
    from internal.int_user_keys as user_keys
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

fitting as (
    select fitting_products.*
    from internal.fitting_products(category, brand, min_price, max_price, exclude)
        as fitting_products
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

live_steps as (
    select
        found.product_id,
        sum(live_terms.term) as score
    from live_terms
    inner join fitting as found on live_terms.product_key = found.product_key
    anti join excluded on live_terms.product_key = excluded.product_key
    anti join published on found.product_id = published.product_id
    group by found.product_id
),

-- Without a cap as many as are asked for are always enough; the limit keeps the sorts below small.
popular as (
    select
        found.product_id,
        shown.score
    from internal.int_popularity as shown
    inner join fitting as found on shown.product_key = found.product_key
    anti join excluded on found.product_key = excluded.product_key
    anti join published on found.product_id = published.product_id
    anti join live_steps on found.product_id = live_steps.product_id
    where shown.scope = 'published'
    order by
        internal.with_popularity(shown.score, found.interactions, popularity) desc,
        found.product_id
    limit case
        when per_category is null and per_brand is null then greatest(coalesce(skip + k, 1), 1)
        else 1000000000
    end
),

steps as (
    select
        case when published.because_product_id is null then 2 else 1 end as step,
        published.rank as published_rank,
        published.product_id,
        published.score,
        published.source,
        published.because_product_id,
        published.because_event_type,
        published.is_seen
    from published
    union all
    select
        1 as step,
        null as published_rank,
        live_steps.product_id,
        live_steps.score,
        'graph' as source,
        null as because_product_id,
        null as because_event_type,
        null as is_seen
    from live_steps
    union all
    select
        2 as step,
        null as published_rank,
        popular.product_id,
        popular.score,
        case when category is null then 'popular in shop' else 'popular in category' end as source,
        null as because_product_id,
        null as because_event_type,
        null as is_seen
    from popular
),

ordered as (
    select
        steps.product_id,
        internal.with_popularity(steps.score, found.interactions, popularity) as score,
        steps.source,
        steps.because_product_id,
        steps.because_event_type,
        found.product_key,
        found.product_name,
        found.category_code,
        found.brand,
        found.price,
        found.currency,
        found.url,
        found.image_url,
        steps.is_seen,
        steps.step = 1 and steps.published_rank is null as is_live,
        row_number() over (
            order by
                steps.step,
                case when popularity = 0 then steps.published_rank end nulls last,
                internal.with_popularity(steps.score, found.interactions, popularity) desc,
                steps.product_id
        ) as place
    from steps
    inner join fitting as found on steps.product_id = found.product_id
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
