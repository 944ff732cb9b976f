{% macro sparse_product(
    entries, links, row, via, key, digits, score=none, cause=none, more_terms=none, left_out=none,
    power=1, divisor=none, size=none
) -%}
    {#
        The query of the product of two sparse matrices: a value for each row of `entries` and key
        of `links`, sum(weight * score) ** power / divisor, and of each row the `size` largest, or
        all. Columns: those named by `row`, `key` and `cause`, rank, score. Equal scores are ordered
        by key. Terms are rounded to `digits` decimals before they are added, see `exact_sum`.

        entries: relation of (`row`, `via`, weight) and, if named, `cause` and its place.
        links: relation of (`via`, `key`) and, if named, `score`, else 1, and `divisor`, the same
            for all links of a key.
        cause: column of `entries`; a value gets that of its largest term, of equal terms that with
            the smallest place, as in `key_of_largest`.
        more_terms: relation of (`row`, `key`, term) and, if named, `cause` and place; terms to add.
        left_out: relation of (`row`, `key`): values to leave out.
    #}
    {{- return(adapter.dispatch("sparse_product", "longtail")(
        entries, links, row, via, key, digits, score, cause, more_terms, left_out, power, divisor,
        size
    )) -}}
{%- endmacro %}

{% macro default__sparse_product(
    entries, links, row, via, key, digits, score, cause, more_terms, left_out, power, divisor, size
) -%}
    {#
        1. terms: weights times scores, without what is left out.
        2. sums: a score for each row and key; ranked: the largest.
    #}
    {%- set caused = [cause, "place"] if cause else [] -%}
    select *
    from (
        select
            *,
            cast(row_number() over (
                partition by {{ row }} order by score desc, {{ key }}
            ) as integer) as rank
        from (
            select
                terms.{{ row }},
                terms.{{ key }},
                {% if cause %}
                    {{ key_of_largest("terms." ~ cause, "terms.term", "terms.place") }}
                        as {{ cause }},
                {% endif %}
                power({{ exact_sum("terms.term", digits) }}, {{ power }})
                {% if divisor %} / max(terms.{{ divisor }}) {% endif %} as score
            from (
                select
                    entries.{{ row }},
                    links.{{ key }},
                    {% for column in caused %} entries.{{ column }}, {% endfor %}
                    {% if divisor %} links.{{ divisor }}, {% endif %}
                    entries.weight {% if score %} * links.{{ score }} {% endif %} as term
                from {{ entries }} as entries
                inner join {{ links }} as links on entries.{{ via }} = links.{{ via }}
                {% if more_terms %}
                    union all
                    select
                        {{ row }},
                        {{ key }},
                        {% for column in caused %} {{ column }}, {% endfor %}
                        {% if divisor %} 1 as {{ divisor }}, {% endif %}
                        term
                    from {{ more_terms }}
                {% endif %}
            ) as terms
            {% if left_out %}
                anti join {{ left_out }} as left_out
                    on
                        terms.{{ row }} = left_out.{{ row }}
                        and terms.{{ key }} = left_out.{{ key }}
            {% endif %}
            group by terms.{{ row }}, terms.{{ key }}
        ) as sums
    ) as ranked
    {% if size is not none %} where rank <= {{ size }} {% endif %}
{%- endmacro %}

{% macro duckdb__sparse_product(
    entries, links, row, via, key, digits, score, cause, more_terms, left_out, power, divisor, size
) -%}
    {#
        By a compiled function: a hash aggregate over all pairs of row and key, and a window over
        their values, take several times as long.

        1. links: lists, one for each `via`; terms: entries with their links.
        2. lists: the function on each row's entries; a cause of -1 marks what is left out.
        3. listed: one row per value.
    #}
    {%- set packed = "cast({0}place as bigint) * 2147483648 + {0}" ~ cause if cause else "0" -%}
    select
        {{ row }},
        found['key'] as {{ key }},
        {% if cause %} cast(found['cause'] & 2147483647 as integer) as {{ cause }}, {% endif %}
        found['score'] as score,
        cast(rank as integer) as rank
    from (
        select
            {{ row }},
            unnest(found) as found,
            generate_subscripts(found, 1) as rank
        from (
            select
                {{ row }},
                longtail_sparse_product(
                    list(weight),
                    {{ "list(cause)" if cause or left_out else "[]" }},
                    list(keys),
                    {{ "list(scores)" if score else "[]" }},
                    {{ "list(divisors)" if divisor else "[]" }},
                    {{ digits }},
                    {{ power }},
                    {{ size if size is not none else 0 }}
                ) as found
            from (
                select
                    entries.{{ row }},
                    entries.weight,
                    {{ packed.format("entries.") }} as cause,
                    links.keys,
                    links.scores,
                    links.divisors
                from {{ entries }} as entries
                inner join (
                    select
                        {{ via }},
                        list({{ key }}) as keys,
                        {{ "list(" ~ score ~ ")" if score else "[]" }} as scores,
                        {{ "list(" ~ divisor ~ ")" if divisor else "[]" }} as divisors
                    from {{ links }}
                    group by {{ via }}
                ) as links on entries.{{ via }} = links.{{ via }}
                {% if more_terms %}
                    union all
                    select
                        {{ row }},
                        term as weight,
                        {{ packed.format("") }} as cause,
                        [{{ key }}] as keys,
                        [1] as scores,
                        [1] as divisors
                    from {{ more_terms }}
                {% endif %}
                {% if left_out %}
                    union all
                    select
                        {{ row }},
                        0 as weight,
                        -1 as cause,
                        list({{ key }}) as keys,
                        list(1) as scores,
                        list(1) as divisors
                    from {{ left_out }}
                    group by {{ row }}
                {% endif %}
            ) as terms
            group by {{ row }}
        ) as lists
    ) as listed
{%- endmacro %}
