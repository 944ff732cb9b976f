{# What the lists are like, whoever they are for: one row per model, metric and k. #}
with cutoffs as (

    select cast(unnest([5, 10, 20]) as integer) as k

),

slots as (

    select
        recommendations.model,
        cutoffs.k,
        recommendations.user_key,
        recommendations.product_key,
        products.category_code
    from {{ ref("int_evaluated_recommendations") }} as recommendations
    inner join {{ ref("products") }} as products
        on recommendations.product_key = products.product_key
    inner join cutoffs on recommendations.rank <= cutoffs.k

),

popularity as (

    select
        product_key,
        users,
        is_long_tail
    from {{ ref("int_product_exposure") }}

),

list_sizes as (

    select
        model,
        k,
        user_key,
        count(*) as places,
        count(distinct coalesce(category_code, '')) as categories
    from slots
    group by all

),

{# 1 - share of pairs of the list that are of one category, over all its pairs. #}
category_runs as (

    select
        model,
        k,
        user_key,
        count(*) * (count(*) - 1) as same_pairs
    from slots
    group by model, k, user_key, category_code

),

diversity as (

    select
        sizes.model,
        sizes.k,
        avg(1 - runs.same_pairs / (sizes.places * (sizes.places - 1)))
            as category_diversity
    from list_sizes as sizes
    inner join (
        select
            model,
            k,
            user_key,
            sum(same_pairs) as same_pairs
        from category_runs
        group by all
    ) as runs
        on
            sizes.model = runs.model
            and sizes.k = runs.k
            and sizes.user_key = runs.user_key
    where sizes.places > 1
    group by all

),

exposure as (

    {# Products that are never shown count in coverage and Gini too. #}
    select
        models.model,
        models.k,
        popularity.product_key,
        coalesce(shown.slots, 0) as slots,
        row_number() over (
            partition by models.model, models.k
            order by coalesce(shown.slots, 0), popularity.product_key
        ) as place,
        count(*) over (partition by models.model, models.k) as products
    from popularity
    cross join (
        select distinct
            model,
            k
        from slots
    ) as models
    left join (
        select
            model,
            k,
            product_key,
            count(*) as slots
        from slots
        group by all
    ) as shown
        on
            models.model = shown.model
            and models.k = shown.k
            and popularity.product_key = shown.product_key

),

concentration as (

    select
        model,
        k,
        count(*) filter (where slots > 0) / count(*) as coverage,
        sum((2 * place - products - 1) * slots) / (max(products) * sum(slots))
            as exposure_gini
    from exposure
    group by all

),

tail as (

    {# Novelty: surprise at a product in bits, -log2 of the share of users who know
       it. #}
    select
        slots.model,
        slots.k,
        avg(-log2(greatest(popularity.users, 1) / greatest(shop.users, 1))) as novelty,
        avg(cast(popularity.is_long_tail as integer)) as long_tail_share
    from slots
    inner join popularity on slots.product_key = popularity.product_key
    cross join (
        select count(distinct user_key) as users
        from {{ ref("int_interactions") }}
        where not is_holdout
    ) as shop
    group by all

)

unpivot (
    select
        concentration.model,
        concentration.k,
        concentration.coverage,
        concentration.exposure_gini,
        tail.novelty,
        tail.long_tail_share,
        diversity.category_diversity
    from concentration
    inner join tail on concentration.model = tail.model and concentration.k = tail.k
    left join diversity
        on concentration.model = diversity.model and concentration.k = diversity.k
)
on coverage, exposure_gini, novelty, long_tail_share, category_diversity
into name metric value value
