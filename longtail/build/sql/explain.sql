-- What lies behind a product in a user's list, or would if it were there: a sentence, then its
-- evidence: the published row, what moved it where it is ranked, each product of the history that
-- speaks for it, the user's events with it, what each model says of the pair, and the edge of the
-- graph.
create or replace macro explain(user_id, product_id) as table
with recommended as (
    select recommendations.*
    from user_recommendations as recommendations
    where
        recommendations.user_id = cast(user_id as varchar)
        and recommendations.product_id = cast(product_id as varchar)
),

known_user as (
    select user_keys.user_key
    from internal.int_user_keys as user_keys
    where user_keys.user_id = cast(user_id as varchar)
),

known_product as (
    select products.product_key
    from products
    where products.product_id = cast(product_id as varchar)
),

history as (
    select
        histories.product_key,
        histories.interest
    from internal.int_user_histories as histories
    inner join known_user on histories.user_key = known_user.user_key
    where histories.scope = 'published'
),

opinions as (
    select
        history.product_key,
        history.interest,
        neighbours.model,
        neighbours.rank,
        neighbours.score
    from history
    inner join internal.int_neighbours as neighbours on history.product_key = neighbours.product_key
    inner join known_product on neighbours.neighbour_key = known_product.product_key
),

-- Groups like the user's history that hold the product, each counted for the product shared.
group_terms as (
    select
        similar_groups.because_product_key as product_key,
        sum(similar_groups.weight * factors.factor) as score,
        count(*) as histories
    from internal.int_similar_groups as similar_groups
    inner join known_user on similar_groups.user_key = known_user.user_key
    inner join internal.int_group_products as group_products
        on similar_groups.group_key = group_products.group_key
    inner join known_product on group_products.product_key = known_product.product_key
    inner join internal.int_product_factors as factors
        on group_products.product_key = factors.product_key
    where
        similar_groups.scope = 'published'
        and known_product.product_key not in (select product_key from history)
    group by similar_groups.because_product_key
),

terms as (
    select
        opinions.product_key,
        opinions.rank,
        opinions.interest * opinions.score as score,
        'interest in the product * neighbour score' as detail
    from opinions
    where opinions.model = internal.serving_model()
    union all
    select
        group_terms.product_key,
        null as rank,
        group_terms.score,
        'in ' || group_terms.histories || ' similar histories' as detail
    from group_terms
),

contributions as (
    select
        terms.*,
        terms.score / sum(terms.score) over () as share
    from terms
),

speakers as (
    select
        products.product_key,
        products.product_id
    from products
    semi join contributions on products.product_key = contributions.product_key
),

edges as (
    select
        product_edges.source_product_id as history_product_id,
        product_edges.weight,
        product_edges.sessions_together
    from product_edges
    where product_edges.target_product_id = cast(product_id as varchar)
    union all
    select
        product_edges.target_product_id as history_product_id,
        product_edges.weight,
        product_edges.sessions_together
    from product_edges
    where product_edges.source_product_id = cast(product_id as varchar)
),

evidence as (
    select
        0 as step,
        'answer' as evidence,
        answers.history_product_id,
        null as rank,
        null as score,
        null as share,
        answers.sentence as detail,
        answers.event_at,
        null as sessions_together
    from internal.answer(user_id, product_id) as answers
    union all
    select
        1 as step,
        'recommendation' as evidence,
        recommended.because_product_id as history_product_id,
        recommended.rank,
        recommended.score,
        null as share,
        recommended.source as detail,
        null as event_at,
        null as sessions_together
    from recommended
    union all
    select
        2 as step,
        'ranker' as evidence,
        null as history_product_id,
        reasons.place as rank,
        reasons.contribution as score,
        null as share,
        reasons.words || case
            when reasons.contribution > 0 then ', speaks for it' else ', speaks against it'
        end as detail,
        null as event_at,
        null as sessions_together
    from internal.int_ranked_reasons as reasons
    inner join known_user on reasons.user_key = known_user.user_key
    inner join known_product on reasons.product_key = known_product.product_key
    where (select count(*) from recommended where recommended.source = 'ranked') > 0
    union all
    select
        3 as step,
        'contribution' as evidence,
        speakers.product_id as history_product_id,
        contributions.rank,
        contributions.score,
        contributions.share,
        contributions.detail,
        null as event_at,
        null as sessions_together
    from contributions
    inner join speakers on contributions.product_key = speakers.product_key
    union all
    select
        4 as step,
        'event' as evidence,
        speakers.product_id as history_product_id,
        null as rank,
        null as score,
        null as share,
        events.event_type || case
            when robots.user_key is not null then ', not counted: robot'
            else coalesce(', not counted: ' || events.removed_as, '')
        end as detail,
        events.event_at,
        null as sessions_together
    from internal.int_events_flagged as events
    inner join known_user on events.user_key = known_user.user_key
    inner join speakers on events.product_key = speakers.product_key
    left join internal.int_robots as robots on events.user_key = robots.user_key
    union all
    select
        5 as step,
        'neighbour' as evidence,
        speakers.product_id as history_product_id,
        opinions.rank,
        opinions.score,
        null as share,
        opinions.model as detail,
        null as event_at,
        null as sessions_together
    from opinions
    inner join speakers on opinions.product_key = speakers.product_key
    where opinions.model not in ('hybrid', 'counted')
    union all
    select
        6 as step,
        'edge' as evidence,
        edges.history_product_id,
        null as rank,
        edges.weight as score,
        null as share,
        'seen together in sessions' as detail,
        null as event_at,
        edges.sessions_together
    from edges
    semi join speakers on edges.history_product_id = speakers.product_id
),

complaints as (
    select string_agg(found.complaint, '; ' order by found.complaint) as complaint
    from (
        select unknown_users.complaint
        from internal.user_complaints(user_id) as unknown_users
        union all
        select unknown_products.complaint
        from internal.product_complaints(product_id) as unknown_products
    ) as found
)

select evidence.* exclude (step), names.product_name as history_product_name
from evidence
left join products as names on evidence.history_product_id = names.product_id
where
    (select count(*) from complaints where internal.is_refused(complaints.complaint)) = 0
order by
    evidence.step,
    evidence.share desc,
    evidence.event_at,
    case when evidence.evidence = 'ranker' then evidence.rank end,
    evidence.score desc,
    evidence.history_product_id,
    evidence.detail;

comment on macro table explain is
    'One row per piece of evidence for a product in a user''s list: answer (a sentence), recommendation, ranker (what moved the row), contribution, event, neighbour, edge. explain(user_id, product_id).';
