{{ config(enabled=((var("catalogue_features", []) or []) | length > 0)) }}

{# A text may be a list, `a | b` or `[a, b]`: a value each. #}
with given as (
    {% for column, feature in content_columns().items() if column != "vector" %}
        select
            product_id,
            {{ text_literal(feature) }} as feature,
            {{ column }} as given_text
        from {{ ref("stg_raw_catalogue") }}
        where reject_reason is null and {{ column }} is not null
        {{ "union all" if not loop.last }}
    {% endfor %}
),

parts as (
    select
        product_id,
        feature,
        unnest(case
            when given_text like '[%]'
                then string_split(substr(given_text, 2, len(given_text) - 2), ',')
            else string_split(given_text, '|')
        end) as part
    from given
),

cleaned as (
    select
        product_id,
        feature,
        lower(trim(part, ' "''')) as feature_value
    from parts
)

select distinct
    product_id,
    feature,
    feature_value
from cleaned
where feature_value != ''
