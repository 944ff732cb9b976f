{{ config(batch_over="int_user_batches", batch_where="scope = 'published'") }}

with users as (

    select user_key from {{ ref("int_user_batches") }}
    where scope = 'published' and {{ in_batch() }}

),

hybrid_neighbours as (

    select
        model,
        product_key,
        neighbour_key,
        score
    from {{ ref("int_neighbours") }}
    where model = 'hybrid'

),

{{ recommended_products(
    "published", "users", "hybrid_neighbours", [served_model()], var("recommendations")
) }},

explained as (

    {# A product outside the graph has its neighbours from its category and brand. #}
    select
        user_keys.user_id,
        recommended.rank,
        product_keys.product_id,
        recommended.score,
        case
            when recommended.source != 'neighbour' then recommended.source
            when recommended.product_key = recommended.because_product_key
                then 'seen before'
            when nodes.node_id is not null then 'graph'
            else 'category and brand'
        end as source,
        because.product_id as because_product_id,
        histories.event_type as because_event_type
    from recommended
    inner join {{ ref("int_user_keys") }} as user_keys
        on recommended.user_key = user_keys.user_key
    inner join {{ ref("int_product_keys") }} as product_keys
        on recommended.product_key = product_keys.product_key
    left join {{ ref("int_product_keys") }} as because
        on recommended.because_product_key = because.product_key
    left join {{ ref("product_nodes") }} as nodes
        on recommended.because_product_key = nodes.product_key
    left join histories
        on
            recommended.user_key = histories.user_key
            and recommended.because_product_key = histories.product_key

)

{# In order, so that a reader of one user skips most of the file. #}
select * from explained
order by user_id, rank
