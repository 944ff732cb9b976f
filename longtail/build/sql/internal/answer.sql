-- Why a product is in a user's list, or what would speak for it, in one sentence. The cause is that
-- of the published row, else the product of the history that speaks most for it.
create or replace macro internal.answer(user_id, product_id) as table
with known_user as (

    select user_keys.user_key
    from internal.int_user_keys as user_keys
    where user_keys.user_id = cast(user_id as varchar)

),

asked as (

    select
        products.product_key,
        internal.product_label(
            products.product_id, products.product_name, products.brand, products.category_code
        ) as product
    from products
    where products.product_id = cast(product_id as varchar)

),

published as (

    select
        recommendations.source,
        recommendations.because_product_id,
        recommendations.because_event_type
    from user_recommendations as recommendations
    where
        recommendations.user_id = cast(user_id as varchar)
        and recommendations.product_id = cast(product_id as varchar)

),

speakers as (

    select
        histories.product_key,
        histories.event_type,
        histories.interest * neighbours.score as score
    from internal.int_user_histories as histories
    inner join known_user on histories.user_key = known_user.user_key
    inner join internal.int_neighbours as neighbours
        on histories.product_key = neighbours.product_key
    inner join asked on neighbours.neighbour_key = asked.product_key
    where histories.scope = 'published' and neighbours.model = internal.serving_model()

),

cause_keys as (

    select
        products.product_key,
        published.because_event_type as event_type
    from published
    inner join products on published.because_product_id = products.product_id
    union all
    (
        select
            speakers.product_key,
            speakers.event_type
        from speakers
        where (select count(*) from published) = 0
        order by speakers.score desc, speakers.product_key
        limit 1
    )

),

causes as (

    select
        cause_keys.product_key,
        cause_keys.event_type,
        products.product_id,
        internal.product_label(
            products.product_id, products.product_name, products.brand, products.category_code
        ) as product
    from cause_keys
    inner join products on cause_keys.product_key = products.product_key

),

deeds as (

    select max(events.event_at) as event_at
    from internal.int_events_flagged as events
    inner join known_user on events.user_key = known_user.user_key
    inner join causes
        on events.product_key = causes.product_key and events.event_type = causes.event_type

),

passages as (

    select
        min(steps.step) filter (where steps.product_key = causes.product_key) as cause_step,
        max(steps.step) filter (where steps.product_key = asked.product_key) as product_step
    from internal.int_session_steps as steps
    cross join causes
    cross join asked
    anti join internal.int_robots as robots on steps.user_key = robots.user_key
    where steps.product_key in (causes.product_key, asked.product_key)
    group by steps.session_id

),

sessions as (

    select
        count(passages.cause_step) as with_cause,
        count(*) filter (where passages.product_step > passages.cause_step) as onward
    from passages

),

models as (

    select string_agg(neighbours.model, ', ' order by neighbours.model) as agreeing
    from internal.int_neighbours as neighbours
    inner join causes on neighbours.product_key = causes.product_key
    inner join asked on neighbours.neighbour_key = asked.product_key
    where neighbours.model not in ('hybrid', 'counted')

),

availability as (

    select
        coalesce(
            product_availability.withheld_as,
            case when hidden_pairs.product_id is not null then 'hidden from you' end
        ) as withheld_as
    from product_availability
    left join internal.int_hidden_pairs as hidden_pairs
        on
            product_availability.product_id = hidden_pairs.product_id
            and hidden_pairs.user_id = cast(user_id as varchar)
    where product_availability.product_id = cast(product_id as varchar)

),

withheld as (

    select count(*) > 0 as is_withheld
    from internal.int_excluded_products as excluded_products
    inner join known_user on excluded_products.user_key = known_user.user_key
    inner join asked on excluded_products.product_key = asked.product_key
    where excluded_products.scope = 'published'

)

select
    causes.product_id as history_product_id,
    deeds.event_at,
    case
        when published.source is not null then ''
        when availability.withheld_as is not null
            then asked.product || ' may not be shown: ' || availability.withheld_as || '. '
        when withheld.is_withheld then asked.product || ' is withheld from you by the var exclude. '
        else asked.product || ' is not in your list. '
    end
    || case
        when published.source like 'popular%'
            then asked.product || ' is ' || replace(published.source, ' in ', ' in the ')
            || ': nothing in your history is a reason for it.'
        when published.source = 'ranked' and causes.product_id is null
            then 'The ranker put ' || asked.product || ' in your list: it is popular or often '
            || 'comes next, and nothing in your history leads to it by itself.'
        when causes.product_id is null then 'Nothing in your history is a reason for it by itself.'
        else
            'You ' || internal.deed(causes.event_type, causes.product)
            || coalesce(strftime(deeds.event_at, ' on %A, %-d %B %Y'), '')
            || case
                when causes.product_key = asked.product_key then ': it is shown again.'
                when sessions.with_cause = 0
                    then ', which is in no session learned from: it is known by its '
                    || case published.source when 'content' then 'content.' else 'category and brand.' end
                when sessions.onward = 0
                    then '; none of ' || internal.counted(sessions.with_cause, 'session')
                    || ' with it went on to ' || asked.product
                    || coalesce(', near it by ' || models.agreeing, '') || '.'
                else
                    '; of ' || internal.counted(sessions.with_cause, 'session') || ' with it, '
                    || sessions.onward || ' went on to ' || asked.product || '.'
            end
    end as sentence
from asked
cross join known_user
cross join availability
cross join deeds
cross join sessions
cross join models
cross join withheld
left join published on true
left join causes on true;

comment on macro table internal.answer is
    'One row: why a product is in a user''s list, in a sentence, with the product of the history and when it was.';
