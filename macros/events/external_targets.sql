{% macro external_targets() -%}
    {#
        Rows of the file that the var `targets` names (user_id, product_id). A product that the
        log never saw has no key and counts as a miss; a user that it never saw gets a key below
        zero and is served like any newcomer. User ids are hashed as those of the events are.
    #}
    select
        coalesce(user_keys.user_key, -dense_rank() over (order by targets.user_id)) as user_key,
        targets.user_id,
        product_keys.product_key,
        false as is_purchase
    from (
        select distinct
            {% if var("hash_user_ids") %}
                sha256('{{ var("hash_user_ids") }}' || trim(cast(user_id as varchar)))
            {% else %}
                cast(user_id as varchar)
            {% endif %} as user_id,
            cast(product_id as varchar) as product_id
        from '{{ adapter.escape_sql_string(var("targets")) }}'
    ) as targets
    left join {{ ref("int_user_keys") }} as user_keys on targets.user_id = user_keys.user_id
    left join {{ ref("int_product_keys") }} as product_keys
        on targets.product_id = product_keys.product_id
{%- endmacro %}
