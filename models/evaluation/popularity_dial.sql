{# Accuracy against reach: DeepWalk's successors alone, at several weights of
   popularity. #}
{% set settings = var("popularity_dial") | map("float") | map("string") | list %}

with dial_users as (

    select * from {{ ref("int_dial_users") }}

),

dial_neighbours as (

    select
        cast(successors.popularity as string) as model,
        products.product_key,
        found.product_key as neighbour_key,
        exp(successors.score - max(successors.score) over (
            partition by successors.popularity, successors.product_id
        )) as score
    from {{ ref("dial_successors") }} as successors
    inner join {{ ref("int_product_keys") }} as products
        on successors.product_id = products.product_id
    inner join {{ ref("int_product_keys") }} as found
        on successors.neighbour_product_id = found.product_id

),

{{ recommended_products(
    "evaluated", "dial_users", "dial_neighbours", settings, 20
) }},

target_counts as (

    select
        targets.user_key,
        count(*) as targets
    from {{ ref("int_targets") }} as targets
    semi join dial_users on targets.user_key = dial_users.user_key
    group by targets.user_key

),

hits as (

    select
        recommended.model,
        recommended.user_key,
        count(*) as hits
    from recommended
    inner join {{ ref("int_targets") }} as targets
        on
            recommended.user_key = targets.user_key
            and recommended.product_key = targets.product_key
    group by recommended.model, recommended.user_key

),

accuracy as (

    select
        models.model,
        avg(coalesce(hits.hits, 0) / target_counts.targets) as recall
    from target_counts
    cross join models
    left join hits
        on target_counts.user_key = hits.user_key and models.model = hits.model
    group by models.model

),

reach as (

    select
        recommended.model,
        count(distinct recommended.product_key)
        / (select count(*) from {{ ref("products") }}) as coverage,
        avg(cast(exposure.is_long_tail as integer)) as long_tail_share
    from recommended
    inner join {{ ref("int_product_exposure") }} as exposure
        on recommended.product_key = exposure.product_key
    group by recommended.model

)

select
    cast(accuracy.model as double) as popularity,
    accuracy.recall,
    reach.coverage,
    reach.long_tail_share
from accuracy
inner join reach on accuracy.model = reach.model
