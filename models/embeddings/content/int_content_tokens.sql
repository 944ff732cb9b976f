{{ config(enabled=(var("catalogue_features", []) | length > 0)) }}

{# What content says of a product, as words: every value of a feature, its category at
   each level, its brand, and category and brand together. #}
with products as (
    select * from {{ ref("products") }}
),

words as (
    select
        products.product_key,
        'feature ' || features.feature || ': ' || features.feature_value as token
    from {{ ref("stg_product_features") }} as features
    inner join products on features.product_id = products.product_id
    {% for level in (1, 2, 3, 4) %}
        union all
        select
            product_key,
            'category ' || {{ category_prefix("category_code", level) }} as token
        from products
    {% endfor %}
    union all
    select
        product_key,
        'brand ' || brand as token
    from products
    union all
    select
        product_key,
        'category and brand ' || category_code || ' ' || brand as token
    from products
)

select distinct
    product_key,
    token
from words
where token is not null
