{# Features that depend on scope and product alone. #}
select
    scopes.scope,
    products.product_key,
    products.category_code,
    products.brand,
    coalesce(activity.is_tail, true) as is_tail,
    {% for feature in ranker_features()["activity"] %}
        activity.{{ feature }},
    {% endfor %}
    factors.factor
from {{ ref("products") }} as products
cross join (
    values
    ('learned', 'learning'), ('evaluated', 'serving'), ('published', 'serving')
) as scopes (scope, cut)
left join {{ ref("int_product_activity") }} as activity
    on scopes.scope = activity.scope and products.product_key = activity.product_key
left join {{ ref("int_ranker_factors") }} as factors
    on scopes.cut = factors.cut and products.product_key = factors.product_key
