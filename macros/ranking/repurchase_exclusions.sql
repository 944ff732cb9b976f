{% macro repurchase_exclusions() -%}
    {#
        The query of what `exclude: auto` withholds (scope, user_key, product_key): what a user
        bought, unless at least `repurchase_share` of its category's buyers buy again and enough
        days have passed: the 5 % quantile of the days between purchases, less the `holdout_days`
        that a list serves.
    #}
    with purchases as (
        select
            user_key,
            product_key,
            event_at
        from {{ ref("int_events_flagged") }}
        where {{ is_excluded() }}
    ),

    known as (
        {{ known_in_scopes("purchases") }}
    ),

    last_purchases as (
        select
            scope,
            case scope when 'learned' then 'learning' else 'serving' end as cut,
            user_key,
            product_key,
            max(event_at) as bought_at,
            any_value(asked_at) as asked_at
        from known
        group by scope, user_key, product_key
    )

    select
        last_purchases.scope,
        last_purchases.user_key,
        last_purchases.product_key
    from last_purchases
    left join {{ ref("int_product_repurchases") }} as rates
        on
            last_purchases.cut = rates.cut
            and last_purchases.product_key = rates.product_key
    where
        not coalesce(
            rates.share >= {{ var("repurchase_share") }}
            and {{ seconds_between("last_purchases.bought_at", "last_purchases.asked_at") }}
            >= 86400 * (rates.soonest_days - {{ var("holdout_days") }}),
            false
        )
{%- endmacro %}
