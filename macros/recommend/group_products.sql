{% macro group_products(timeline) -%}
    {#
        CTEs that end in `group_products` (group_key, product_key, user_key, group_weight): the
        bipartite graph of rp3beta at the cut of `timeline`. Only a group's latest `rp3_group_size`
        products count: pairs grow with the square and must fit in memory.
    #}
    interactions as (
        select
            {{ "interactions.user_key" if var("rp3_groups") == "users"
                else "interactions.session_id" }} as group_key,
            interactions.product_key,
            min(interactions.user_key) as user_key,
            max(interactions.event_at) as last_event_at
        from {{ ref("int_interactions") }} as interactions
        cross join {{ timeline }} as timeline
        where
            interactions.event_at < timeline.graph_cutoff_at
            and interactions.event_weight > 0
        group by all
    ),

    placed as (
        select
            group_key,
            product_key,
            user_key,
            last_event_at,
            row_number() over (
                partition by group_key
                order by last_event_at desc, product_key
            ) as place
        from interactions
    ),

    groups as (
        select
            group_key,
            count(*) as products,
            max(last_event_at) as last_event_at
        from placed
        where place <= {{ var("rp3_group_size") }}
        group by group_key
    ),

    group_products as (
        {# What a group passes on from one of its products to another. #}
        select
            placed.group_key,
            placed.product_key,
            placed.user_key,
            {{ half_life(
                days_between("groups.last_event_at", "timeline.graph_cutoff_at"),
                var("half_life_days")
            ) }} / power(groups.products, {{ var("rp3_group_exponent") }}) as group_weight
        from placed
        inner join groups on placed.group_key = groups.group_key
        cross join {{ timeline }} as timeline
        where placed.place <= {{ var("rp3_group_size") }} and groups.products > 1
    )
{%- endmacro %}
