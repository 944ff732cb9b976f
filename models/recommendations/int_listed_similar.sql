{# A pair has one relation. 1. complements: those that may be shown; 2. decided: wanted
   together or of another leaf, no substitutes; 3. substitutes: the closest others;
   4. taken: listed substitutes, no complements; 5. listed: both, cut to length. #}
with complements as (
    select
        complements.product_key,
        complements.neighbour_key,
        complements.score,
        complements.lift,
        complements.sessions_after,
        complements.is_decided,
        row_number() over (
            partition by complements.product_key order by complements.rank
        ) as rank
    from {{ ref("int_complements") }} as complements
    anti join {{ ref("product_availability") }} as withheld
        on complements.neighbour_key = withheld.product_key and not withheld.is_shown
),

listed_complements as (
    select * from complements
    where is_decided and rank <= {{ var("similar_products") }}
),

decided as (
    {{ both_directions("listed_complements", "product_key", "neighbour_key") }}
),

substitutes as (
    select
        substitutes.product_key,
        substitutes.neighbour_key,
        substitutes.score,
        row_number() over (
            partition by substitutes.product_key order by substitutes.rank
        ) as place
    from {{ substitutes() }} as substitutes
    anti join decided
        on
            substitutes.product_key = decided.product_key
            and substitutes.neighbour_key = decided.neighbour_key
    anti join {{ ref("product_availability") }} as withheld
        on substitutes.neighbour_key = withheld.product_key and not withheld.is_shown
    qualify place <= {{ var("similar_products") }}
),

taken as (
    {{ both_directions("substitutes", "product_key", "neighbour_key") }}
),

listed as (
    select
        product_key,
        'substitute' as relation,
        cast(place as integer) as rank,
        neighbour_key,
        score,
        cast(null as double) as lift,
        0 as sessions_after
    from substitutes
    union all
    select
        complements.product_key,
        'complement' as relation,
        cast(row_number() over (
            partition by complements.product_key order by complements.rank
        ) as integer) as rank,
        complements.neighbour_key,
        complements.score,
        complements.lift,
        complements.sessions_after
    from complements
    anti join taken
        on
            complements.product_key = taken.product_key
            and complements.neighbour_key = taken.neighbour_key
)

select * from listed
where rank <= {{ var("similar_products") }}
