{# The ranker must match the reach of the whole blend, but learns as of an earlier cut,
   for which no vectors are trained. What vectors add is measured where they exist: the
   same histories, as of the graph's cut, with and without vectors. #}
{% set with_vectors = [] %}
{% for model in neighbour_models() if model not in counted_blend()
    and var("blend")[model] | default(0, true) | float > 0 %}
    {% do with_vectors.append(model) %}
{% endfor %}
{% set sample_users = 2000 %}
{% if not with_vectors or unranked_models()[0] == "hybrid" %}
    select
        1e0 as tail_lift,
        1e0 as product_lift
{% else %}
    with users as (
        select batches.user_key
        from {{ ref("int_ranker_batches") }} as batches
        inner join {{ ref("int_user_keys") }} as user_keys
            on batches.user_key = user_keys.user_key
        where batches.scope = 'learned'
        order by md5(user_keys.user_id), batches.user_key
        limit {{ sample_users }}
    ),

    compared_neighbours as (
        select * from {{ ref("int_neighbours") }}
        where model in ('hybrid', 'counted')
    ),

    {{ recommended_products(
        "learned", "users", "compared_neighbours",
        ["hybrid", "counted"], judged_lengths() | max
    ) }},

    reach as (
        select
            recommended.model,
            avg(cast(coalesce(activity.is_tail, true) as integer)) as tail_share,
            count(distinct recommended.product_key) as products
        from recommended
        left join {{ ref("int_product_activity") }} as activity
            on
                recommended.product_key = activity.product_key
                and activity.scope = 'learned'
        group by recommended.model
    )

    select
        coalesce(
            max(tail_share) filter (where model = 'hybrid')
            / nullif(max(tail_share) filter (where model = 'counted'), 0),
            1
        ) as tail_lift,
        coalesce(
            max(products) filter (where model = 'hybrid')
            / max(products) filter (where model = 'counted'),
            1
        ) as product_lift
    from reach
{% endif %}
