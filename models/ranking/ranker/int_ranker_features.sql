{{ config(batch_over="int_ranker_batches") }}

{# 1. terms: each product of a history times each neighbour of it.
   2. candidates: the best by the sum of them, what came next, the history, what is popular.
   3. features of each candidate, by joins on (case, product). #}
{% set weights = {
    "covisit": var("blend")["covisit"] | default(0, true) | float,
    "rp3beta": var("blend")["rp3beta"] | default(0, true) | float,
} %}
{% if weights.values() | sum == 0 %}
    {% do weights.update({"covisit": 1.0, "rp3beta": 1.0}) %}
{% endif %}
with histories as (

    {# One integer is the key of a case: the user's number and the scope's. #}
    select
        batches.scope,
        case batches.scope when 'learned' then 'learning' else 'serving' end as cut,
        cast(batches.user_key as bigint) * 4 + case batches.scope
            when 'learned' then 0
            when 'evaluated' then 1
            else 2
        end as case_key,
        histories.user_key,
        histories.place,
        histories.product_key,
        histories.interest,
        histories.repeat_interest,
        {{ event_weight("histories.event_type") }} as weight,
        histories.last_event_at,
        histories.sessions,
        {{ seconds_between("histories.first_event_at", "histories.last_event_at") }}
        / 86400 / nullif(histories.sessions - 1, 0) as interval_days,
        products.category_code,
        products.brand
    from {{ ref("int_ranker_batches") }} as batches
    inner join {{ ref("int_ranker_histories") }} as histories
        on batches.scope = histories.scope and batches.user_key = histories.user_key
    inner join {{ ref("products") }} as products
        on histories.product_key = products.product_key
    where {{ in_batch() }}

),

cases as (

    select
        histories.case_key,
        any_value(histories.scope) as scope,
        any_value(histories.cut) as cut,
        any_value(histories.user_key) as user_key,
        count(*) as history_length,
        {{ exact_sum("histories.interest", 6) }} as history_interest,
        max(histories.last_event_at) as last_event_at,
        any_value(histories.product_key) filter (where histories.place = 1)
            as last_product_key,
        any_value(histories.category_code) filter (where histories.place = 1)
            as last_category_code,
        any_value(histories.brand) filter (where histories.place = 1) as last_brand
    from histories
    group by histories.case_key

),

terms as (

    select
        histories.case_key,
        histories.place,
        histories.product_key as because_product_key,
        neighbours.neighbour_key as product_key,
        neighbours.covisit,
        neighbours.covisit_rank,
        neighbours.rp3beta,
        histories.interest * neighbours.covisit as covisit_term,
        histories.interest * neighbours.rp3beta as rp3beta_term,
        histories.interest * (
            {{ weights["covisit"] }} * coalesce(neighbours.covisit, 0)
            + {{ weights["rp3beta"] }} * coalesce(neighbours.rp3beta, 0)
        ) as term
    from histories
    inner join {{ ref("int_ranker_neighbours") }} as neighbours
        on
            histories.cut = neighbours.cut
            and histories.product_key = neighbours.product_key

),

nearest as (

    select
        case_key,
        product_key
    from (
        select
            case_key,
            product_key,
            sum(cast(round(1e9 * term) as bigint)) as term
        from terms
        group by case_key, product_key
    )
    qualify row_number() over (
        partition by case_key order by term desc, product_key
    ) <= {{ var("ranker_candidates") }}

),

next_products as (

    select
        cases.case_key,
        next_products.next_key as product_key,
        next_products.times,
        next_products.share,
        next_products.age_days
    from cases
    inner join {{ ref("int_next_products") }} as next_products
        on
            cases.cut = next_products.cut
            and cases.last_product_key = next_products.product_key
    where next_products.rank <= {{ var("ranker_popular") }}

),

previous_products as (

    select
        cases.case_key,
        previous_products.product_key,
        previous_products.times
    from cases
    inner join {{ ref("int_next_products") }} as previous_products
        on
            cases.cut = previous_products.cut
            and cases.last_product_key = previous_products.next_key

),

proposed as (

    select
        case_key,
        product_key
    from nearest
    union
    select
        case_key,
        product_key
    from next_products
    union
    select
        case_key,
        product_key
    from histories
    union
    select
        cases.case_key,
        activity.product_key
    from cases
    inner join {{ ref("int_product_activity") }} as activity
        on cases.scope = activity.scope
    where activity.recent_rank <= {{ var("ranker_popular") }}
    union
    select
        cases.case_key,
        activity.product_key
    from cases
    inner join {{ ref("int_product_activity") }} as activity
        on
            cases.scope = activity.scope
            and cases.last_category_code = activity.category_code
    where activity.category_rank <= {{ var("ranker_popular") }}

),

candidates as (

    select
        cases.*,
        proposed.product_key
    from proposed
    inner join cases on proposed.case_key = cases.case_key
    anti join {{ ref("int_excluded_products") }} as excluded
        on
            cases.scope = excluded.scope
            and cases.user_key = excluded.user_key
            and proposed.product_key = excluded.product_key

),

near as (

    select
        terms.case_key,
        terms.product_key,
        {% for model in weights %}
            sum(cast(round(1e9 * terms.{{ model }}_term) as bigint)) / 1e9
                as {{ model }}_sum,
            max(terms.{{ model }}_term) as {{ model }}_best,
            max(terms.{{ model }}) filter (where terms.place = 1) as {{ model }}_last,
        {% endfor %}
        max(terms.covisit_rank) filter (where terms.place = 1) as covisit_last_rank,
        count(*) as terms,
        {{ exact_sum("terms.term", 9) }} as blend_score,
        max_by(terms.because_product_key, (terms.term, -terms.place))
        filter (where terms.place <= {{ var("history_length") }})
            as because_product_key
    from terms
    semi join candidates
        on
            terms.case_key = candidates.case_key
            and terms.product_key = candidates.product_key
    group by terms.case_key, terms.product_key

),

{% for column in ("category_code", "brand") %}
    {{ column }}_shares as (

        select
            case_key,
            {{ column }},
            {{ exact_sum("interest", 6) }} as interest
        from histories
        where {{ column }} is not null
        group by case_key, {{ column }}

    ),
{% endfor %}

features as (

    select
        candidates.case_key,
        candidates.scope,
        candidates.user_key,
        candidates.product_key,
        coalesce(
            near.because_product_key,
            case
                when
                    repeats.place <= {{ var("history_length") }}
                    then repeats.product_key
            end
        ) as because_product_key,
        {% for model in weights %}
            near.{{ model }}_sum,
            near.{{ model }}_best,
            near.{{ model }}_last,
        {% endfor %}
        near.covisit_last_rank,
        near.terms,
        next_products.times as next_times,
        next_products.share as next_share,
        next_products.age_days as next_age_days,
        previous_products.times as previous_times,
        repeats.place as repeat_place,
        repeats.repeat_interest,
        repeats.weight as repeat_weight,
        repeats.sessions as repeat_sessions,
        repeats.interval_days as repeat_interval_days,
        {{ seconds_between("repeats.last_event_at", "candidates.last_event_at") }}
        / 86400 as repeat_age_days,
        activity.interactions,
        activity.purchases,
        activity.interactions_1,
        activity.interactions_3,
        activity.interactions_7,
        activity.first_seen_days,
        activity.last_seen_days,
        candidates.last_category_code = products.category_code as is_category_of_last,
        candidates.last_brand = products.brand as is_brand_of_last,
        category_shares.interest / candidates.history_interest as category_share,
        brand_shares.interest / candidates.history_interest as brand_share,
        candidates.history_length,
        candidates.history_interest,
        last_activity.interactions as last_interactions,
        near.blend_score,
        coalesce(activity.is_tail, true) as is_tail
    from candidates
    inner join {{ ref("products") }} as products
        on candidates.product_key = products.product_key
    left join near
        on
            candidates.case_key = near.case_key
            and candidates.product_key = near.product_key
    left join next_products
        on
            candidates.case_key = next_products.case_key
            and candidates.product_key = next_products.product_key
    left join previous_products
        on
            candidates.case_key = previous_products.case_key
            and candidates.product_key = previous_products.product_key
    left join histories as repeats
        on
            candidates.case_key = repeats.case_key
            and candidates.product_key = repeats.product_key
    left join category_code_shares as category_shares
        on
            candidates.case_key = category_shares.case_key
            and products.category_code = category_shares.category_code
    left join brand_shares
        on
            candidates.case_key = brand_shares.case_key
            and products.brand = brand_shares.brand
    left join {{ ref("int_product_activity") }} as activity
        on
            candidates.scope = activity.scope
            and candidates.product_key = activity.product_key
    left join {{ ref("int_product_activity") }} as last_activity
        on
            candidates.scope = last_activity.scope
            and candidates.last_product_key = last_activity.product_key

)

select
    scope,
    user_key,
    product_key,
    because_product_key,
    {% for feature in ranker_features() %}
        cast({{ feature }} as float) as {{ feature }},
    {% endfor %}
    is_tail,
    blend_score
from features
