{# Both relations by their own evidence, cut to what is published. #}
with listed as (

    select
        product_id,
        'substitute' as relation,
        neighbour_product_id,
        rank,
        score
    from {{ ref("int_substitutes") }}
    where rank <= {{ var("similar_products") }}
    union all
    select
        product_id,
        'complement' as relation,
        neighbour_product_id,
        rank,
        score
    from {{ ref("int_complements") }}
    where rank <= {{ var("similar_products") }}

)

select * from listed
