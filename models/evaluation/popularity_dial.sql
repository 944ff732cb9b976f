{# Accuracy against reach, by setting of the dial:
   1. hits: targets among the recommended products of each user;
   2. accuracy: mean recall of the sample, users without a hit included;
   3. reach: share of products recommended at all, and the tail's share of places. #}
with recommended as (
    select * from {{ ref("int_dial_recommendations") }}
),

targets as (
    select targets.*
    from {{ ref("int_targets") }} as targets
    semi join {{ ref("int_dial_users") }} as users on targets.user_key = users.user_key
),

target_counts as (
    select
        user_key,
        count(*) as targets
    from targets
    group by user_key
),

hits as (
    select
        recommended.popularity,
        recommended.user_key,
        count(*) as hits
    from recommended
    inner join targets
        on
            recommended.user_key = targets.user_key
            and recommended.product_key = targets.product_key
    group by recommended.popularity, recommended.user_key
),

accuracy as (
    select
        settings.popularity,
        avg(coalesce(hits.hits, 0) / target_counts.targets) as recall
    from target_counts
    cross join (select distinct popularity from recommended) as settings
    left join hits
        on
            target_counts.user_key = hits.user_key
            and settings.popularity = hits.popularity
    group by settings.popularity
),

reach as (
    select
        recommended.popularity,
        count(distinct recommended.product_key)
        / (select count(*) from {{ ref("products") }}) as coverage,
        avg(cast(exposure.is_long_tail as integer)) as long_tail_share
    from recommended
    inner join {{ ref("int_product_exposure") }} as exposure
        on recommended.product_key = exposure.product_key
    group by recommended.popularity
)

select
    accuracy.popularity,
    accuracy.recall,
    reach.coverage,
    reach.long_tail_share
from accuracy
inner join reach on accuracy.popularity = reach.popularity
