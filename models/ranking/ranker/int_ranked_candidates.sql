{# Above 0, so that weights of popularity can act on it; trends the ranker knows itself.
   As many candidates as a list takes, or all where a cap may skip some. #}
with ranker as (
    select * from {{ ref("int_ranker") }}
),

weights as (
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
        from ranker
        where ranker = 'linear' and is_used
    ) as features
    having count(*) > 0
),

scores as (
    select
        scope,
        user_key,
        product_key,
        because_product_key,
        score
    from {{ ref("int_tree_scores") }}
    union all
    select
        features.scope,
        features.user_key,
        features.product_key,
        features.because_product_key,
        {% for feature in var("ranker_linear") or [] %}
            weights.{{ feature }}_weight * ln(
                1 + coalesce(features.{{ feature }}, 0) / weights.{{ feature }}_scale
            ){{ " +" if not loop.last }}
        {% endfor %} as score
    from {{ ref("int_ranker_features") }} as features
    cross join weights
    where features.scope != 'learned'
),

weighted as (
    select
        scores.scope,
        scores.user_key,
        scores.product_key,
        scores.because_product_key,
        exp(scores.score) * power(
            1 + coalesce(activity.interactions, 0),
            {{ var("popularity_weight") }} - ranker.tail_weight
        ) as score
    from scores
    cross join ranker
    left join {{ ref("int_product_activity") }} as activity
        on
            scores.scope = activity.scope
            and scores.product_key = activity.product_key
)

select * from weighted
{% if var("category_cap") | int == 0 %}
    qualify row_number() over (
        partition by scope, user_key order by score desc, product_key
    ) <= {{ [var("recommendations") | int, 20] | max }}
{% endif %}
