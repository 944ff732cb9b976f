{% macro build_difference(before, after, sampled="true") -%}
    {#
        What differs between two builds, one row per figure. `before` and `after` name the relations
        user_recommendations, similar_products, products, model_metrics, long_tail_exposure and
        cleaning_report; `sampled` is a condition on user_id; lists of other users are not compared.
        longtail.compare renders it too: it must not call dbt functions.

        1. list_pairs, keys, products: lists, and ids that only one build has.
        2. metrics_of_both, exposure_of_both, cleaning_of_both: figures of each build.
        3. figures: all of them in one form, before beside after; then change and verdict.
    #}
    with list_pairs as (
        select 'users' as subject, compared_lists.* from (
            {{ list_overlap(
                before.user_recommendations, after.user_recommendations,
                "user_id", "product_id", sampled
            ) }}
        ) as compared_lists
        {% for relation in ["substitute", "complement"] %}
            union all
            select '{{ relation }}s' as subject, compared_lists.* from (
                {{ list_overlap(
                    before.similar_products, after.similar_products,
                    "product_id", "similar_product_id", "relation = '" ~ relation ~ "'"
                ) }}
            ) as compared_lists
        {% endfor %}
    ),

    keys as (
        select 'products' as subject, changes.* from (
            {{ key_changes(before.products, after.products, "product_id") }}
        ) as changes
        union all
        select 'users' as subject, changes.* from (
            {{ key_changes(
                "(select user_id from " ~ before.user_recommendations ~ " where rank = 1)",
                "(select user_id from " ~ after.user_recommendations ~ " where rank = 1)",
                "user_id"
            ) }}
        ) as changes
    ),

    products as (
        {{ product_changes(before.products, after.products) }}
    ),

    metrics_of_both as (
        {% for build, metrics in [
            ("before", before.model_metrics), ("after", after.model_metrics)
        ] %}
            select
                '{{ build }}' as build,
                model || ', ' || task as subject,
                metric as figure,
                value,
                lower,
                upper
            from {{ metrics }} where segment = 'all' and k = 20
            {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    exposure_of_both as (
        {% for build, exposure in [
            ("before", before.long_tail_exposure), ("after", after.long_tail_exposure)
        ] %}
            select
                '{{ build }}' as build,
                model as subject,
                'share of places, decile ' || decile as figure,
                share_of_slots as value
            from {{ exposure }}
            where built_at = (
                select max(builds.built_at) from {{ exposure }} as builds
            )
            {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    cleaning_of_both as (
        {% for build, cleaning in [
            ("before", before.cleaning_report), ("after", after.cleaning_report)
        ] %}
            select
                '{{ build }}' as build,
                step as subject,
                'share of rows, ' || rule as figure,
                events / nullif(sum(events) over (), 0) as value
            from {{ cleaning }}
            {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    figures as (
        {% for figure, column in [
            ("lists compared", "compared"), ("mean Jaccard index of the first 20", "jaccard"),
            ("share of lists changed", "share_changed")
        ] %}
            select
                'lists' as part,
                subject,
                '{{ figure }}' as figure,
                cast(null as double) as before,
                cast({{ column }} as double) as after,
                cast(null as double) as before_lower,
                cast(null as double) as before_upper,
                cast(null as double) as after_lower,
                cast(null as double) as after_upper
            from list_pairs
            union all
        {% endfor %}
        {% for figure, then, now in [
            ("in the build", "count_before", "count_after"), ("came", "null", "came"),
            ("went", "null", "went")
        ] %}
            select
                'keys' as part,
                subject,
                '{{ figure }}' as figure,
                cast({{ then }} as double) as before,
                cast({{ now }} as double) as after,
                null as before_lower,
                null as before_upper,
                null as after_lower,
                null as after_upper
            from keys
            union all
        {% endfor %}
        select
            'products' as part,
            product_id as subject,
            figure,
            case when figure = 'went' then cast(interactions as double) end as before,
            case when figure = 'came' then cast(interactions as double) end as after,
            null as before_lower,
            null as before_upper,
            null as after_lower,
            null as after_upper
        from products
        union all
        {% for part in ["metrics", "exposure", "cleaning"] %}
            select
                '{{ part }}' as part,
                subject,
                figure,
                max(value) filter (where build = 'before') as before,
                max(value) filter (where build = 'after') as after,
                {% for build in ["before", "after"] %}
                    {% for end in ["lower", "upper"] %}
                        {% if part == "metrics" %}
                            max({{ end }}) filter (where build = '{{ build }}')
                        {% else %}
                            null
                        {% endif %}
                        as {{ build }}_{{ end }}{{ "," if not (loop.last and build == "after") }}
                    {% endfor %}
                {% endfor %}
            from {{ part }}_of_both
            group by subject, figure
            {{ "union all" if not loop.last }}
        {% endfor %}
    )

    select
        part,
        subject,
        figure,
        before,
        after,
        after - before as change,
        before_lower,
        before_upper,
        after_lower,
        after_upper,
        case
            when after_lower > before_upper then 'higher'
            when after_upper < before_lower then 'lower'
            when after_lower is not null and before_lower is not null then 'level'
        end as verdict
    from figures
{%- endmacro %}
