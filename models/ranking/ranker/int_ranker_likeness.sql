{# Candidates with the features of their case and of their product, and how alike the
   two are in category and brand. #}
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
        blended.*,
        {% for feature in ranker_features()["activity"] + ["factor"] %}
            products.{{ feature }},
        {% endfor %}
        {% for feature in ranker_features()["cases"] %}
            cases.{{ feature }},
        {% endfor %}
        cases.last_category_code = products.category_code as is_category_of_last,
        cases.last_brand = products.brand as is_brand_of_last,
        of_category.interest / cases.history_interest as category_share,
        of_brand.interest / cases.history_interest as brand_share
    from {{ ref("int_ranker_blend") }} as blended
    inner join {{ ref("int_ranker_case_facts") }} as cases
        on blended.case_key = cases.case_key
    left join {{ ref("int_ranker_products") }} as products
        on blended.scope = products.scope and blended.product_key = products.product_key
    left join category_code_interests as of_category
        on
            blended.case_key = of_category.case_key
            and products.category_code = of_category.category_code
    left join brand_interests as of_brand
        on
            blended.case_key = of_brand.case_key
            and products.brand = of_brand.brand
)

select * from candidates
