{% macro external_targets() -%}
    {#
        Rows of the file that the var `targets` names (user_id, product_id). A product that is not
        in the log has no key and counts as a miss; a user who is not in the log gets a key below
        zero and is served like any new user. Ids are treated like those of the events.
    #}
    select
        coalesce(user_keys.user_key, -dense_rank() over (order by targets.user_id)) as user_key,
        targets.user_id,
        product_keys.product_key,
        false as is_purchase
    from (
        {% if execute %}{{ longtail_package("targets", run_request()) }}{% else %}select 1{% endif %}
    ) as targets
    left join {{ ref("int_user_keys") }} as user_keys on targets.user_id = user_keys.user_id
    left join {{ ref("int_product_keys") }} as product_keys
        on targets.product_id = product_keys.product_id
{%- endmacro %}
