{% macro key_changes(before, after, key) -%}
    {# One row: how many keys each build has, how many were added and how many removed. #}
    select
        count(*) filter (where is_before) as count_before,
        count(*) filter (where is_after) as count_after,
        count(*) filter (where not is_before) as came,
        count(*) filter (where not is_after) as went
    from (
        select
            {{ key }},
            bool_or(is_before) as is_before,
            bool_or(not is_before) as is_after
        from (
            select {{ key }}, true as is_before from {{ before }}
            union all
            select {{ key }}, false as is_before from {{ after }}
        ) as both_builds
        group by {{ key }}
    ) as keys
{%- endmacro %}
