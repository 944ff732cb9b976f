{# 1. weighted: a score above 0, so that the exponent of interactions can be applied;
   trends are features already;
   2. placed: candidates that either list takes, or all where a cap may skip some. #}
{% set caps = [var("category_cap") | int] + ranked_category_caps().values() | list %}
with ranker as (
    select * from {{ ref("int_ranker") }}
),

weighted as (
    select
        scores.scope,
        scores.user_key,
        scores.product_key,
        scores.because_product_key,
        scores.blend_place,
        exp(
            scores.score
            + cast(coalesce(activity.is_tail, true) as integer) * ranker.tail_weight
        )
        * power(
            1 + coalesce(activity.interactions, 0),
            {{ interactions_exponent() }}
        )
            as score
    from {{ ref("int_ranker_scores") }} as scores
    cross join ranker
    left join {{ ref("int_product_activity") }} as activity
        on
            scores.scope = activity.scope
            and scores.product_key = activity.product_key
),

placed as (
    select
        scope,
        user_key,
        product_key,
        because_product_key,
        score,
        blend_place,
        cast(row_number() over (
            partition by scope, user_key order by score desc, product_key
        ) as integer) as place
    from weighted
    {% if caps | max == 0 %}
        {% set longest = [var("recommendations") | int, judged_lengths() | max] | max %}
        qualify
            place <= {{ longest_ranked("scope") }} or blend_place <= {{ longest }}
    {% endif %}
)

select * from placed
union all
select
    placed.scope,
    others.user_key,
    placed.product_key,
    placed.because_product_key,
    placed.score,
    placed.blend_place,
    placed.place
from placed
inner join {{ ref("int_equal_histories") }} as others
    on placed.scope = others.scope and placed.user_key = others.first_user_key
