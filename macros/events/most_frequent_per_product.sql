{% macro most_frequent_per_product(column, product_days, beside=none) -%}
    {#
        One row per product: its most frequent value of `column`, the latest one on ties; nulls do
        not count. `beside` is a column taken together with it, so that a product's category_code
        belongs to its category_id.
    #}
    {% set voted = [column, beside] | reject("none") | list %}
    select product_id, {% for name in voted %}{{ name }}{{ ", " if not loop.last }}{% endfor %}
    from (
        select
            product_id,
            {% for name in voted %}{{ name }},{% endfor %}
            row_number() over (
                partition by product_id
                order by
                    sum(events) desc,
                    max(last_event_at) desc,
                    {% for name in voted -%}
                        {{ name }} nulls last{{ ", " if not loop.last }}
                    {%- endfor %}
            ) as place
        from {{ product_days }}
        where {% for name in voted %}{{ name }} is not null{{ " or " if not loop.last }}{% endfor %}
        group by product_id, {% for name in voted %}{{ name }}{{ ", " if not loop.last }}{% endfor %}
    )
    where place = 1
{%- endmacro %}
