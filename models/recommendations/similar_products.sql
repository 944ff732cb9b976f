{# Two relations by two kinds of evidence.
   1. every_step: products listed by evidence, then popular ones;
   2. ranked: in this order, cut to `similar_products`;
   3. similar_products: with ids and the sessions of each pair. #}
with every_step as (
    select
        listed.product_key,
        listed.relation,
        listed.neighbour_key,
        listed.score,
        case
            when nodes.node_id is null then {{ known_by("content.product_key") }}
            {% if content_columns() %} when found.product_key is not null then 'content'
            {% endif %}
            when listed.relation = 'complement' and listed.sessions_after = 0
                then 'substitutes'
            else 'graph'
        end as source,
        listed.lift,
        listed.sessions_after,
        1 as step,
        listed.rank as place
    from {{ ref("int_listed_similar") }} as listed
    left join {{ ref("product_nodes") }} as nodes
        on listed.product_key = nodes.product_key
    {{ join_content("listed.product_key") }}
    {{ join_content("listed.neighbour_key", "found") }}
    union all
    select
        product_key,
        relation,
        neighbour_key,
        score,
        source,
        cast(null as double) as lift,
        0 as sessions_after,
        step,
        place
    from {{ ref("int_popular_similar") }}
),

ranked as (
    select
        *,
        cast(row_number() over (
            partition by product_key, relation order by step, place
        ) as integer) as rank
    from every_step
    qualify rank <= {{ var("similar_products") }}
),

similar_products as (
    {# int_product_pairs holds each pair once, the smaller key first. #}
    select
        products.product_id,
        ranked.relation,
        ranked.rank,
        found.product_id as similar_product_id,
        ranked.score,
        ranked.source,
        coalesce(pairs.sessions_together, 0) as sessions_together,
        ranked.sessions_after,
        ranked.lift
    from ranked
    inner join {{ ref("int_product_keys") }} as products
        on ranked.product_key = products.product_key
    inner join {{ ref("int_product_keys") }} as found
        on ranked.neighbour_key = found.product_key
    left join {{ ref("int_product_pairs") }} as pairs
        on
            least(ranked.product_key, ranked.neighbour_key) = pairs.product_key_a
            and greatest(ranked.product_key, ranked.neighbour_key) = pairs.product_key_b
)

select * from similar_products
