{% macro lists_of_arms() -%}
    {# CTE `listed`: the rows of `caused`; for users whose arm has vars, the arm's own lists. #}
    listed as (
        select caused.*
        from caused
        {% if arms_with_vars() %}
            anti join {{ ref("int_arm_users") }} as arm_users
                on caused.user_key = arm_users.user_key
            union all
            select arm_lists.*
            from {{ ref("int_arm_lists") }} as arm_lists
            semi join users on arm_lists.user_key = users.user_key
        {% endif %}
    )
{%- endmacro %}
