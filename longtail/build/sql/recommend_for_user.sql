-- The published rows of a user first; then, when more are asked for or a knob leaves too few,
-- further neighbours of the history, worked out now; then what is popular.
create or replace macro recommend_for_user(
    user_id, k := 20, popularity := 0, category := null, max_price := null
) as table
with wanted as (

    select checked_count(k) as rows_wanted

),

published as (

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

),

live as (

    select
        neighbours.neighbour_key as product_key,
        sum(histories.interest * neighbours.score) as score,
        arg_max(histories.product_key, histories.interest * neighbours.score) as because_key,
        arg_max(histories.event_type, histories.interest * neighbours.score) as because_event_type
    from internal.int_user_histories as histories
    inner join known_user on histories.user_key = known_user.user_key
    inner join internal.int_neighbours as neighbours
        on histories.product_key = neighbours.product_key
    where histories.scope = 'published' and neighbours.model = 'hybrid'
    group by neighbours.neighbour_key

),

live_steps as (

    select
        found.product_id,
        live.score,
        because.product_id as because_product_id,
        live.because_event_type
    from live
    inner join products as found on live.product_key = found.product_key
    inner join products as because on live.because_key = because.product_key
    anti join excluded on live.product_key = excluded.product_key
    anti join published on found.product_id = published.product_id

),

-- As many as are asked for are always enough; the limit keeps the sorts below small.
popular as (

    select
        listed.product_id,
        max(listed.score) as score
    from popular_products as listed
    inner join products as found on listed.product_id = found.product_id
    anti join excluded on found.product_key = excluded.product_key
    anti join published on listed.product_id = published.product_id
    anti join live_steps on listed.product_id = live_steps.product_id
    where is_in_category(found.category_code, category) and is_within_price(found.price, max_price)
    group by listed.product_id, found.interactions
    order by
        with_popularity(max(listed.score), found.interactions, popularity) desc,
        listed.product_id
    limit greatest(coalesce(k, 1), 1)

),

steps as (

    select
        case when published.source in ('graph', 'category and brand') then 1 else 2 end as step,
        published.rank as published_rank,
        published.product_id,
        published.score,
        published.source,
        published.because_product_id,
        published.because_event_type
    from published
    union all
    select
        1 as step,
        null as published_rank,
        live_steps.product_id,
        live_steps.score,
        'graph' as source,
        live_steps.because_product_id,
        live_steps.because_event_type
    from live_steps
    union all
    select
        2 as step,
        null as published_rank,
        popular.product_id,
        popular.score,
        case when category is null then 'popular in shop' else 'popular in category' end as source,
        null as because_product_id,
        null as because_event_type
    from popular

),

numbered as (

    select
        cast(row_number() over (
            order by
                steps.step,
                case when popularity = 0 then steps.published_rank end nulls last,
                with_popularity(steps.score, found.interactions, popularity) desc,
                steps.product_id
        ) as integer) as rank,
        steps.product_id,
        with_popularity(steps.score, found.interactions, popularity) as score,
        steps.source,
        steps.because_product_id,
        steps.because_event_type,
        found.product_name,
        found.category_code,
        found.brand,
        found.price
    from steps
    inner join products as found on steps.product_id = found.product_id
    where is_in_category(found.category_code, category) and is_within_price(found.price, max_price)

)

select numbered.*
from numbered
where numbered.rank <= (select wanted.rows_wanted from wanted)
order by numbered.rank;

comment on macro table recommend_for_user is
    'One row per rank: what to show a user. recommend_for_user(user_id, k := 20, popularity := 0, category := null, max_price := null). An unknown user gets what is popular, and its source says so.';
