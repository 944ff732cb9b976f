{% macro holdout_targets() -%}
    {# Products of a user's holdout, without those withheld because of what the user did before the
       cut. With `exclude: auto`, all: whether a product is bought again is then part of the
       answer. #}
    select
        holdout.user_key,
        user_keys.user_id,
        holdout.product_key,
        bool_or(holdout.is_purchase) as is_purchase
    from {{ ref("int_interactions") }} as holdout
    inner join {{ ref("int_user_keys") }} as user_keys
        on holdout.user_key = user_keys.user_key
    {% if var("exclude") != "auto" %}
        anti join (
            select
                withheld.user_key,
                withheld.product_key
            from {{ ref("int_withheld_products") }} as withheld
            cross join {{ ref("int_timeline") }} as timeline
            where withheld.first_event_at < timeline.graph_cutoff_at
        ) as excluded
            on holdout.user_key = excluded.user_key and holdout.product_key = excluded.product_key
    {% endif %}
    where holdout.is_holdout and holdout.event_weight > 0
    group by holdout.user_key, user_keys.user_id, holdout.product_key
{%- endmacro %}
