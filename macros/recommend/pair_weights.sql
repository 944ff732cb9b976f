{% macro pair_weights(pairs, timeline) -%}
    {#
        CTEs that end in `pair_weights` (product_key_a, product_key_b, sessions_together,
        pair_weight): pairs by day, summed after ageing to the cut of `timeline`.

        pairs: (session_date, product_key_a, product_key_b, sessions_together, micro_weight).
    #}
    aged_pairs as (
        {# Rounded before summing: sums of floats depend on their order, so the graph would depend
           on the threads. #}
        select
            pairs.product_key_a,
            pairs.product_key_b,
            pairs.sessions_together,
            cast(round(pairs.micro_weight * {{ half_life(
                days_between("pairs.session_date", "timeline.graph_cutoff_at"),
                var("half_life_days")
            ) }}) as bigint) as micro_weight
        from {{ pairs }} as pairs
        cross join {{ timeline }} as timeline
    ),

    pair_weights as (
        select
            product_key_a,
            product_key_b,
            cast(sum(sessions_together) as bigint) as sessions_together,
            sum(micro_weight) / 1e6 as pair_weight
        from aged_pairs
        group by all
        having sum(micro_weight) > 0
    )
{%- endmacro %}
