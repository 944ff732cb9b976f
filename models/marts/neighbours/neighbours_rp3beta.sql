with user_products as (

    select * from {{ ref("int_user_products") }}

),

product_degrees as (

    select
        product_key,
        count(*) as product_degree
    from user_products
    group by product_key

),

{# The 3-step walk product -> user -> product, from users back to products (Christoffel et al.
   2015, section 3): a user passes on 1 / degree; rounded, because sums depend on their order. #}
walked as (

    select
        starts.product_key,
        ends.product_key as neighbour_key,
        sum(cast(round(1e9 / starts.user_degree) as bigint)) / 1e9 as probability
    from user_products as starts
    inner join user_products as ends on starts.user_key = ends.user_key
    where starts.product_key != ends.product_key
    group by all

),

scored as (

    select
        walked.product_key,
        walked.neighbour_key,
        walked.probability / starts.product_degree
        / power(ends.product_degree, {{ var("rp3_beta") }}) as score
    from walked
    inner join product_degrees as starts on walked.product_key = starts.product_key
    inner join product_degrees as ends on walked.neighbour_key = ends.product_key

),

ranked as (

    select
        *,
        row_number() over (
            partition by product_key
            order by score desc, neighbour_key
        ) as rank
    from scored

),

neighbours as (

    select
        products.product_id,
        neighbours.product_id as neighbour_product_id,
        cast(ranked.rank as integer) as rank,
        ranked.score
    from ranked
    inner join {{ ref("int_product_keys") }} as products
        on ranked.product_key = products.product_key
    inner join {{ ref("int_product_keys") }} as neighbours
        on ranked.neighbour_key = neighbours.product_key
    where ranked.rank <= {{ var("neighbours") }}

)

select * from neighbours
