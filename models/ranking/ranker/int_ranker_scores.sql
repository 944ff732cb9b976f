{# AL03 mistakes the columns of `rows_of` for one without a name. #}
with weights as (
    select
        {% for feature in var("ranker_linear") or [] %}
            max(features.weight) filter (where features.feature = '{{ feature }}')
                as {{ feature }}_weight,
            max(features.scale) filter (where features.feature = '{{ feature }}')
                as {{ feature }}_scale,
        {% endfor %}
        count(*) as features
    from (
        select {{ rows_of("features") }}  -- noqa: AL03
        from {{ ref("int_ranker") }}
        where ranker = 'linear' and is_used
    ) as features
    having count(*) > 0
)

select
    scope,
    user_key,
    product_key,
    because_product_key,
    blend_place,
    score
from {{ ref("int_tree_scores") }}
union all
select
    features.scope,
    features.user_key,
    features.product_key,
    features.because_product_key,
    features.blend_place,
    {% for feature in var("ranker_linear") or [] %}
        weights.{{ feature }}_weight * ln(
            1 + coalesce(features.{{ feature }}, 0) / weights.{{ feature }}_scale
        ){{ " +" if not loop.last }}
    {% endfor %} as score
from {{ ref("int_ranker_features") }} as features
cross join weights
where features.scope != 'learned'
