{# A product's own evidence plus that of its substitutes, which counts as
   `complement_prior` sessions. #}
with own as (
    select * from {{ ref("int_complement_evidence") }}
),

borrowed as (
    select * from {{ ref("int_borrowed_evidence") }}
),

pairs as (
    select
        coalesce(own.product_key, borrowed.product_key) as product_key,
        coalesce(own.neighbour_key, borrowed.neighbour_key) as neighbour_key,
        coalesce(own.weight, 0) as weight,
        coalesce(own.expected, 0) as expected,
        coalesce(borrowed.share, 0) as share,
        (coalesce(own.weight, 0) + coalesce(borrowed.weight, 0))
        / (coalesce(own.expected, 0) + coalesce(borrowed.expected, 0)) as lift,
        coalesce(own.sessions, 0) as sessions_after,
        coalesce(own.is_decided, false) as is_decided
    from own
    full outer join borrowed
        on
            own.product_key = borrowed.product_key
            and own.neighbour_key = borrowed.neighbour_key
),

scored as (
    select
        *,
        (weight + {{ var("complement_prior") }} * share) / (expected + 1) as score
    from pairs
),

ranked as (
    {# The list ends at the floor; where nothing reaches one session beyond chance, at
       half of its best score. #}
    select
        product_key,
        neighbour_key,
        score,
        lift,
        sessions_after,
        is_decided,
        cast(row_number() over (
            partition by product_key
            order by score desc, neighbour_key
        ) as integer) as rank
    from scored
    where score >= {{ var("complement_floor") }}
    qualify score >= 1 or 2 * score >= max(score) over (partition by product_key)
)

select * from ranked
