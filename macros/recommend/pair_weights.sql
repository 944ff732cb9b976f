{% macro pair_weights(signed_pairs, timeline) -%}
    {#
        CTEs that end in `pair_weights` (product_key_a, product_key_b, sessions_together,
        pair_weight): pairs by day, each with +1 or -1 in `counted`, summed with the age that they
        have at the cut of `timeline`.
    #}
    aged_pairs as (

        {# Rounded before it is summed: sums of floats depend on their order, and with it
           the graph would depend on the threads. #}
        select
            signed_pairs.product_key_a,
            signed_pairs.product_key_b,
            signed_pairs.counted * signed_pairs.sessions_together as sessions_together,
            signed_pairs.counted * cast(round(1e6 * signed_pairs.pair_weight * {{ half_life(
                "date_diff('day', signed_pairs.session_date, timeline.graph_cutoff_at::date)",
                var("half_life_days")
            ) }}) as bigint) as micro_weight
        from {{ signed_pairs }} as signed_pairs
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
