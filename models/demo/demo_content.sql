{{ config(enabled=(
    not var("events", "") and (
        (var("catalogue_features", []) or []) | length > 0 or var("catalogue_vector", "") != ""
    )
)) }}

{# What a shop can know of a product before anybody sees it. Both columns come from the
   planted style, which the sessions of the demo follow. #}
select
    product_id,
    case
        when {{ demo_uniform("no collection", "product_number") }} >= 0.2
            then 'collection ' || style_number
    end as collection,
    '['
    {% for place in range(16) %}
        || round(
            {{ demo_normal("style vector " ~ place, "style_number") }}
            + 0.7 * {{ demo_normal("product vector " ~ place, "product_number") }}, 4
        ) || '{{ "," if not loop.last else "]" }}'
    {% endfor %}
        as embedding
from {{ ref("demo_products") }}
