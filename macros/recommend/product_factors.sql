{% macro product_factors(timeline, is_known, exponent=none, trend_weight=none) -%}
    {#
        CTEs that end in `product_factors` (product_key, factor): a product's trend and interactions
        at the cut of `timeline`, over the interactions that meet `is_known`, each raised to a
        power; 1 when the vars are 0. Arguments can override the vars' powers.
    #}
    {%- set exponent = interactions_exponent() if exponent is none else exponent %}
    {%- set is_default = trend_weight is none or trend_weight == "auto" %}
    {%- set trend = "scales.trend_weight" if is_default else trend_weight %}
    activity as (
        select
            interactions.product_key,
            count(*) as interactions,
            sum(cast(round(1e6 * {{ half_life(
                days_between("interactions.event_at", "timeline.graph_cutoff_at"),
                var("trend_half_life_days")
            ) }}) as bigint)) / 1e6 as recent_interactions
        from {{ ref("int_interactions") }} as interactions
        cross join {{ timeline }} as timeline
        where {{ is_known }}
        group by interactions.product_key
    ),

    factors as (
        {# A long inactive product keeps a trace of its trend. #}
        select
            activity.product_key,
            power(
                greatest(activity.recent_interactions / activity.interactions, 1e-3),
                {{ trend }}
            ) * power(activity.interactions, {{ exponent }}) as factor
        from activity
        {% if is_default %} cross join {{ ref("int_time_scales") }} as scales {% endif %}
    ),

    product_factors as (
        {# Largest = 1: scores stay in the range that they are summed in. #}
        select
            product_key,
            factor / max(factor) over () as factor
        from factors
    )
{%- endmacro %}
