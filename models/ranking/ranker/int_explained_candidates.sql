{# Rows whose order explain() accounts for: the first of each published list, once per
   group of equal histories. A contribution costs as much as scoring 25 candidates. #}
with shown as (
    select
        ranked.user_key,
        ranked.product_key,
        row_number() over (
            partition by ranked.user_key
            order by ranked.step, ranked.score desc, ranked.product_key
        ) as place
    from {{ ref("int_ranked_candidates") }} as ranked
    anti join {{ ref("int_equal_histories") }} as others
        on ranked.scope = others.scope and ranked.user_key = others.user_key
    inner join {{ ref("product_availability") }} as availability
        on ranked.product_key = availability.product_key
    where ranked.scope = 'published' and availability.is_shown
)

select features.*
from {{ ref("int_ranker_features") }} as features
inner join shown
    on features.user_key = shown.user_key and features.product_key = shown.product_key
where features.scope = 'published' and shown.place <= {{ var("ranker_explained") }}
order by features.user_key, features.product_key
