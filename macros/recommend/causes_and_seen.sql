{% macro causes_and_seen() -%}
    {#
        CTEs `causes` (user_key, product_key, event_type, product_id, source), how the user knows
        the cause of a row, and `seen` (user_key, product_key, is_bought), what the user has seen.
        They come after `users` and `histories`.
    #}
    causes as (
        {# A product outside the graph has its neighbours from its content, or its category
           and brand. #}
        select
            histories.user_key,
            histories.product_key,
            histories.event_type,
            product_keys.product_id,
            case
                when nodes.node_id is null then {{ known_by("content.product_key") }}
                else 'graph'
            end as source
        from histories
        inner join {{ ref("int_product_keys") }} as product_keys
            on histories.product_key = product_keys.product_key
        left join {{ ref("product_nodes") }} as nodes
            on histories.product_key = nodes.product_key
        {{ join_content("histories.product_key") }}
    ),

    seen as (
        {# Includes events that cleaning removed: the user did see the product. #}
        select
            events.user_key,
            events.product_key,
            bool_or({{ is_one_of("events.event_type", var("purchase_event_types")) }})
                as is_bought
        from {{ ref("int_events_flagged") }} as events
        semi join users on events.user_key = users.user_key
        group by events.user_key, events.product_key
    )
{%- endmacro %}
