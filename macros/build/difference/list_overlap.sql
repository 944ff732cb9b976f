{% macro list_overlap(before, after, key, item, condition="true") -%}
    {#
        One row: how many lists both builds have, the mean Jaccard index of their first 20 items
        (Jaccard 1901: items in both over items in either), and the share of lists that differ.
    #}
    select
        count(*) as compared,
        {{ exact_sum("common / either_build", 9) }} / nullif(count(*), 0) as jaccard,
        count(*) filter (where common < either_build) / nullif(count(*), 0)
            as share_changed
    from (
        select
            {{ key }},
            count(*) filter (where in_before = 1 and in_after = 1) as common,
            count(*) as either_build
        from (
            select
                {{ key }},
                {{ item }},
                max(in_before) as in_before,
                max(in_after) as in_after
            from (
                select {{ key }}, {{ item }}, 1 as in_before, 0 as in_after
                from {{ before }}
                where rank <= 20 and {{ condition }}
                union all
                select {{ key }}, {{ item }}, 0 as in_before, 1 as in_after
                from {{ after }}
                where rank <= 20 and {{ condition }}
            ) as places
            group by {{ key }}, {{ item }}
        ) as items
        group by {{ key }}
        having max(in_before) = 1 and max(in_after) = 1
    ) as lists
{%- endmacro %}
