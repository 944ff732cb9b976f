{% macro plain_exclusions() -%}
    {# The query of what is withheld from a user permanently (scope, user_key, product_key). #}
    with withheld as (
        select
            user_key,
            product_key,
            first_event_at as event_at
        from {{ ref("int_withheld_products") }}
    ),

    known as (
        {{ known_in_scopes("withheld") }}
    )

    select
        scope,
        user_key,
        product_key
    from known
{%- endmacro %}
