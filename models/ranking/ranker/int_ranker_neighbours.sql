{# Both in one row, since most neighbours by covisit are neighbours by rp3beta too; as
   of both cuts. #}
with covisit as (
    select
        'serving' as cut,
        *
    from {{ ref("neighbours_covisit") }}
    union all
    select
        'learning' as cut,
        *
    from {{ ref("int_learning_covisit") }}
),

rp3beta as (
    select
        'serving' as cut,
        *
    from {{ ref("neighbours_rp3beta") }}
    union all
    select
        'learning' as cut,
        *
    from {{ ref("int_learning_rp3beta") }}
),

neighbours as (
    select
        coalesce(covisit.cut, rp3beta.cut) as cut,
        coalesce(covisit.product_id, rp3beta.product_id) as product_id,
        coalesce(covisit.neighbour_product_id, rp3beta.neighbour_product_id)
            as neighbour_product_id,
        covisit.score as covisit,
        covisit.rank as covisit_rank,
        rp3beta.score as rp3beta
    from covisit
    full outer join rp3beta
        on
            covisit.cut = rp3beta.cut
            and covisit.product_id = rp3beta.product_id
            and covisit.neighbour_product_id = rp3beta.neighbour_product_id
)

select
    neighbours.cut,
    products.product_key,
    found.product_key as neighbour_key,
    neighbours.covisit,
    neighbours.covisit_rank,
    neighbours.rp3beta
from neighbours
inner join {{ ref("int_product_keys") }} as products
    on neighbours.product_id = products.product_id
inner join {{ ref("int_product_keys") }} as found
    on neighbours.neighbour_product_id = found.product_id
