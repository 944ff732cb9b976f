{% set no_products = "select product_id from " ~ ref("products") ~ " where false" %}
{% set earlier_figures = earlier_rows("build_figures") %}

{# 1. last_products: of the last published build;
   2. figures: this build's, and the share of those products that it still has;
   3. this_build, every_build: with those of earlier builds. #}
with last_products as (
    {{ earlier_rows("products") or no_products }}
),

figures as (
    select
        figure,
        value,
        lower,
        upper,
        users
    from {{ ref("int_build_figures") }}
    union all
    select
        'products kept' as figure,
        count(products.product_id) / nullif(count(*), 0) as value,
        cast(null as double) as lower,
        cast(null as double) as upper,
        cast(null as bigint) as users
    from last_products
    left join {{ ref("products") }} as products
        on last_products.product_id = products.product_id
),

this_build as (
    select
        '{{ invocation_id }}' as build_id,
        timestamp '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}' as built_at,
        0 as builds_ago,
        {{ "false" if var("events") else "true" }} as is_demo,
        figure,
        value,
        lower,
        upper,
        users
    from figures
),

{# Kept per build, so that each can be compared with the last published one. #}
every_build as (
    select * from this_build
    {% if earlier_figures %}
        union all
        select
            build_id,
            built_at,
            builds_ago + 1 as builds_ago,
            is_demo,
            figure,
            value,
            lower,
            upper,
            users
        from ({{ earlier_figures }}) as earlier_builds
    {% endif %}
)

select * from every_build
