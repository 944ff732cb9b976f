{% macro holdout_targets() -%}
    {# Products of a user's holdout that are not excluded by what the user did before the cut. #}
    select
        holdout.user_key,
        user_keys.user_id,
        holdout.product_key,
        bool_or(holdout.is_purchase) as is_purchase
    from {{ ref("int_interactions") }} as holdout
    inner join {{ ref("int_user_keys") }} as user_keys
        on holdout.user_key = user_keys.user_key
    anti join (
        select
            user_key,
            product_key
        from {{ ref("int_interactions") }}
        where not is_holdout and {{ is_excluded() }}
    ) as excluded
        on holdout.user_key = excluded.user_key and holdout.product_key = excluded.product_key
    where holdout.is_holdout and holdout.event_weight > 0
    group by holdout.user_key, user_keys.user_id, holdout.product_key
{%- endmacro %}
