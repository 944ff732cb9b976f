-- One row per product on the map and relation: positions in the file of the products that evidence
-- calls similar. What is popular only fills lists.
with listed as (

    select
        products.position,
        similar_products.relation,
        similar_products.rank,
        found.position as similar_position,
        similar_products.sessions_together
    from similar_products
    inner join report_products as products
        on similar_products.product_id = products.product_id
    inner join report_products as found
        on similar_products.similar_product_id = found.product_id
    where products.is_mapped and not starts_with(similar_products.source, 'popular')

),

placed as (

    select
        *,
        row_number() over (partition by position, relation order by rank) as place
    from listed

)

select
    position,
    relation,
    list(similar_position order by place) as similar,
    list(sessions_together order by place) as together
from placed
where place <= $similar_per_relation
group by position, relation
order by position, relation
