{%- macro demo_tastes() -%}
    {#- CTE `tastes` (user_number, leaf_number): the categories that a user's sessions are about,
        and those that they turn to at their end. -#}
    tastes as (
        select
            user_number,
            taste_leaf as leaf_number
        from {{ ref('demo_sessions') }}
        union
        select
            user_number,
            complement_leaf as leaf_number
        from {{ ref('demo_sessions') }}
    )
{%- endmacro -%}
