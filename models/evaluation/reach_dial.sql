{# The ranker's dial, as it was measured on learning days. AL03 mistakes the columns of
   `rows_of` for one without a name. #}
{% if ranker() == "off" %}
    select
        cast(null as double) as tail_weight,
        cast(null as double) as exposure_floor,
        cast(null as double) as ndcg,
        cast(null as double) as long_tail_share,
        cast(null as bigint) as products,
        cast(null as double) as reach,
        cast(null as boolean) as is_taken
    where false
{% else %}
    with settings as (
        select {{ rows_of("dial") }}  -- noqa: AL03
        from {{ ref("int_ranker") }}
    ),

    taken as (
        select
            tail_weight as taken_weight,
            exposure_floor as taken_floor
        from {{ ref("int_ranker") }}
    )

    select
        settings.tail_weight,
        settings.exposure_floor,
        settings.ndcg,
        settings.tail_share as long_tail_share,
        settings.products,
        settings.reach,
        settings.tail_weight = taken.taken_weight
        and settings.exposure_floor = taken.taken_floor as is_taken
    from settings
    cross join taken
{% endif %}
