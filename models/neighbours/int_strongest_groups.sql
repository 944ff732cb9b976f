{# A product's heaviest groups, so that the number of groups compared with a history
   stays bounded however popular its products are. #}
with group_products as (
    select * from {{ ref("int_group_products") }}
    {% if not uses_group_knn() %}
        where false
    {% endif %}
),

ranked as (
    select
        product_key,
        group_key,
        user_key,
        group_weight,
        row_number() over (
            partition by product_key
            order by group_weight desc, group_key
        ) as place,
        count(*) over (partition by product_key) as degree,
        count(*) over (partition by group_key) as group_size
    from group_products
)

select
    product_key,
    group_key,
    user_key,
    group_size,
    degree,
    group_weight / power(degree, {{ var("rp3_beta") }}) as weight
from ranked
where place <= {{ var("knn_product_groups") }}
