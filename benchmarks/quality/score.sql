-- Scores lists against targets, by the definitions of the LightGCN / BARS and session papers.
--
-- In:  lists (model, user_id, product_id, rank; 1 = best), targets (user_id, product_id),
--      catalogue (product_id), samples (sample_id: the bootstrap's)
-- Out: one row per model. Every user with targets counts, one without a list as a miss.
--      recall    share of a user's targets that are in the list
--      ndcg      binary gains, ideal over the smaller of 20 and the user's targets
--      hit_rate  share of users with a target in the list (P@20 of the session papers)
--      mrr       mean of 1 / rank of the first hit
--      coverage  distinct products listed / products of the catalogue
--      *_low, *_high  95 % interval: Poisson bootstrap over users (Chamandy et al. 2012)
with top_lists as (

    select
        model,
        user_id,
        product_id,
        min(rank) as rank
    from lists
    where rank <= 20
    group by all

),

models as (

    select
        model,
        count(distinct product_id) as products
    from top_lists
    group by model

),

target_counts as (

    select
        user_id,
        count(*) as targets
    from targets
    group by user_id

),

ideal_gains as (

    select
        counts.targets,
        sum(1 / log2(places.place + 1)) as gain
    from (select distinct targets from target_counts) as counts
    inner join (select unnest(range(1, 21)) as place) as places
        on places.place <= counts.targets
    group by counts.targets

),

gains as (

    select
        top_lists.model,
        top_lists.user_id,
        count(*) as hits,
        min(top_lists.rank) as first_rank,
        sum(1 / log2(top_lists.rank + 1)) as gain
    from top_lists
    inner join targets
        on
            top_lists.user_id = targets.user_id
            and top_lists.product_id = targets.product_id
    group by all

),

user_scores as (

    select
        models.model,
        target_counts.user_id,
        coalesce(gains.hits, 0) / target_counts.targets as recall,
        coalesce(gains.gain, 0) / ideal_gains.gain as ndcg,
        (gains.hits is not null)::integer as hit_rate,
        coalesce(1 / gains.first_rank, 0) as mrr
    from target_counts
    cross join models
    inner join ideal_gains on target_counts.targets = ideal_gains.targets
    left join gains
        on
            models.model = gains.model
            and target_counts.user_id = gains.user_id

),

draws as (

    select
        target_counts.user_id,
        samples.sample_id,
        hash(target_counts.user_id, samples.sample_id) / 18446744073709551616.0 as draw
    from target_counts
    cross join samples

),

weights as (

    -- The distribution function of Poisson(1).
    select
        user_id,
        sample_id,
        case
            when draw < 0.36787944 then 0
            when draw < 0.73575888 then 1
            when draw < 0.91969860 then 2
            when draw < 0.98101184 then 3
            when draw < 0.99634015 then 4
            when draw < 0.99940582 then 5
            else 6
        end as weight
    from draws

),

sample_means as (

    select
        user_scores.model,
        weights.sample_id,
        sum(weights.weight * user_scores.recall) / sum(weights.weight) as recall,
        sum(weights.weight * user_scores.ndcg) / sum(weights.weight) as ndcg
    from user_scores
    inner join weights on user_scores.user_id = weights.user_id
    where weights.weight > 0
    group by all

),

intervals as (

    select
        model,
        quantile_cont(recall, 0.025) as recall_low,
        quantile_cont(recall, 0.975) as recall_high,
        quantile_cont(ndcg, 0.025) as ndcg_low,
        quantile_cont(ndcg, 0.975) as ndcg_high
    from sample_means
    group by model

),

means as (

    select
        model,
        count(*) as users,
        avg(recall) as recall,
        avg(ndcg) as ndcg,
        avg(hit_rate) as hit_rate,
        avg(mrr) as mrr
    from user_scores
    group by model

)

select
    means.*,
    models.products / (select count(distinct product_id) from catalogue) as coverage,
    intervals.recall_low,
    intervals.recall_high,
    intervals.ndcg_low,
    intervals.ndcg_high
from means
inner join models on means.model = models.model
left join intervals on means.model = intervals.model
order by means.model
