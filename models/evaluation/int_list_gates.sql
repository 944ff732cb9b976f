{{ config(materialized="ephemeral") }}

{# A table of lists without a row is not worth publishing. When every product is
   withheld the gate of int_withheld_gates says so. #}
{% set advice = {
    "user_recommendations": "nothing is left to recommend to anyone: exclude (none "
        ~ "leaves out nothing), hidden and allowed decide what is left out",
    "similar_products": "no product is like another: check product_id and the number "
        ~ "of products in the log",
    "popular_products": "no product that may be shown has events: check product_id in "
        ~ "the log and the catalogue",
} %}
{% set threshold = [var("gate_recommendations") | int, 1] | min %}

with shop as (
    select count(*) filter (where is_shown) as products_shown
    from {{ ref("product_availability") }}
)

{% for list, text in advice.items() %}
    select
        'rows of {{ list }}' as gate,
        cast(lists.listed_rows as double) as value,
        cast(null as double) as lower,
        cast(null as double) as upper,
        cast({{ threshold }} as double) as threshold,
        lists.listed_rows < {{ threshold }} and shop.products_shown > 0 as is_short,
        '{{ list }} has no row: {{ text }}; gate_recommendations: 0 publishes it empty'
            as message
    from (select count(*) as listed_rows from {{ ref(list) }}) as lists
    cross join shop
    {{ "union all" if not loop.last }}
{% endfor %}
