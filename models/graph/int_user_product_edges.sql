{# The graph of users and products, for DeepWalk where `deepwalk_graph` asks for it.
   1. interests: weights of a user's products;
   2. users, blocks, user_nodes: users, numbered after the products within blocks of
      keys, since ordering all of them at once would be a single Spark task;
   3. edges. #}
with nodes as (
    select * from {{ ref("product_nodes") }}
),

interests as (
    {# An interest never fades to 0, however old: every user keeps an edge. #}
    select
        interactions.user_key,
        nodes.node_id,
        greatest(1, sum(cast(round(1e6 * interactions.event_weight * {{ half_life(
            days_between("interactions.event_at", "timeline.graph_cutoff_at"),
            var("half_life_days")
        ) }}) as bigint))) / 1e6 as weight
    from {{ ref("int_interactions") }} as interactions
    cross join {{ ref("int_timeline") }} as timeline
    inner join nodes on interactions.product_key = nodes.product_key
    where
        not interactions.is_holdout and interactions.event_weight > 0
        {% if var("deepwalk_graph") == "products" %}
            and false
        {% endif %}
    group by interactions.user_key, nodes.node_id
),

users as (
    select distinct
        user_key,
        {{ whole_quotient("user_key", "65536") }} as block
    from interests
),

blocks as (
    select
        block,
        sum(count(*)) over (order by block) - count(*) as users_before
    from users
    group by block
),

user_nodes as (
    select
        users.user_key,
        cast(
            (select count(*) from nodes) + blocks.users_before
            + row_number() over (partition by users.block order by users.user_key)
            - 1 as integer
        ) as node_id
    from users
    inner join blocks on users.block = blocks.block
),

edges as (
    select
        interests.node_id as source_node_id,
        user_nodes.node_id as target_node_id,
        interests.weight
    from interests
    inner join user_nodes on interests.user_key = user_nodes.user_key
)

select * from edges
order by source_node_id, target_node_id
