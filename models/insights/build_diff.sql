{% set before, after = {}, {} %}
{% set tables = [
    "user_recommendations", "similar_products", "products",
    "model_metrics", "long_tail_exposure", "cleaning_report",
] %}
{%- for table in tables -%}
    {%- do after.update({table: ref(table)}) -%}
    {%- if earlier_rows(table) -%}
        {%- do before.update({table: "(" ~ earlier_rows(table) ~ ")"}) -%}
    {%- endif -%}
{%- endfor -%}

{# The first build has nothing to compare with. #}
{% set is_first = before | length < after | length %}
with differences as (
    {{ build_difference(
        after if is_first else before,
        after,
        sampled_by_key(after.user_recommendations, ["user_id"])
    ) }}
),

ranked as (
    select
        cast(row_number() over (
            order by
                case part
                    when 'lists' then 1
                    when 'keys' then 2
                    when 'products' then 3
                    when 'metrics' then 4
                    when 'exposure' then 5
                    else 6
                end,
                subject,
                figure
        ) as integer) as rank,
        *
    from differences
    {% if is_first %}
        where false
    {% endif %}
)

select * from ranked
