{# Similarity of a candidate to the history, by category and by brand. #}
with histories as (
    select * from {{ ref("int_ranker_case_histories") }}
),

{% for column in ("category_code", "brand") %}
    {{ column }}_interests as (

        select
            case_key,
            {{ column }},
            {{ exact_sum("interest", 6) }} as interest
        from histories
        where {{ column }} is not null
        group by case_key, {{ column }}
    ),
{% endfor %}

candidates as (
    select
        candidates.case_key,
        candidates.product_key,
        products.category_code,
        products.brand
    from {{ ref("int_ranker_candidates") }} as candidates
    inner join {{ ref("products") }} as products
        on candidates.product_key = products.product_key
)

select
    candidates.case_key,
    candidates.product_key,
    cases.last_category_code = candidates.category_code as is_category_of_last,
    cases.last_brand = candidates.brand as is_brand_of_last,
    of_category.interest / cases.history_interest as category_share,
    of_brand.interest / cases.history_interest as brand_share
from candidates
inner join {{ ref("int_ranker_case_facts") }} as cases
    on candidates.case_key = cases.case_key
left join category_code_interests as of_category
    on
        candidates.case_key = of_category.case_key
        and candidates.category_code = of_category.category_code
left join brand_interests as of_brand
    on
        candidates.case_key = of_brand.case_key
        and candidates.brand = of_brand.brand
