{% macro external_targets() -%}
    {#
        Rows of the file that the var `targets` names (user_id, product_id). A product that the
        log never saw has no key and counts as a miss; a user that it never saw gets a key below
        zero and is served like any newcomer. Ids are treated as those of the events are.
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
