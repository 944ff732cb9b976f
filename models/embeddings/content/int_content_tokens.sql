{% set features = (var("catalogue_features", []) or []) | length > 0 %}
{% set vector = var("catalogue_vector", "") != "" %}

{# What content says of a product, as words: every value of a feature, its category at
   each level, its brand, and category and brand together. Of products without a node
   only those with a feature or a vector: category and brand alone say the same as the
   mean of their products. #}
with products as (
    select * from {{ ref("products") }}
),

described as (
    select product_key from {{ ref("product_nodes") }}
    {% if features %}
        union
        select products.product_key
        from {{ ref("stg_product_features") }} as features
        inner join products on features.product_id = products.product_id
    {% endif %}
    {% if vector %}
        union
        select product_key from {{ ref("int_content_vectors") }}
    {% endif %}
),

words as (
    {% if features %}
        select
            products.product_key,
            'feature ' || features.feature || ': ' || features.feature_value as token
        from {{ ref("stg_product_features") }} as features
        inner join products on features.product_id = products.product_id
        union all
    {% endif %}
    {% for level in (1, 2, 3, 4) %}
        select
            product_key,
            'category ' || {{ category_prefix("category_code", level) }} as token
        from products
        union all
    {% endfor %}
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
    words.product_key,
    words.token
from words
semi join described on words.product_key = described.product_key
where words.token is not null
