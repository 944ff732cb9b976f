{# NDCG@20 of each model's list for each case with an answer (Jarvelin and
   Kekalainen 2002).
   1. targets: the products that the cases took;
   2. ideals: the gain of a list that begins with all of them;
   3. gains: of each model's list; then the quotient, 0 for no hit. #}
with targets as (
    select
        targets.user_key,
        targets.product_key,
        case
            when targets.is_purchase then {{ var("ranker_purchase_weight") }}
            else 1
        end as gain
    from {{ ref("int_ranker_targets") }} as targets
    semi join {{ ref("int_ranker_batches") }} as batches
        on targets.user_key = batches.user_key and batches.scope = 'learned'
),

ideals as (
    select
        user_key,
        {{ exact_sum("gain / log2(place + 1)", 12) }} as ideal_gain
    from (
        select
            user_key,
            gain,
            row_number() over (
                partition by user_key order by gain desc, product_key
            ) as place
        from targets
    )
    where place <= {{ judged_lengths() | max }}
    group by user_key
),

gains as (
    select
        lists.user_key,
        lists.model,
        {{ exact_sum("targets.gain / log2(lists.rank + 1)", 12) }} as gain
    from {{ ref("int_learning_lists") }} as lists
    inner join targets
        on
            lists.user_key = targets.user_key
            and lists.product_key = targets.product_key
    group by lists.user_key, lists.model
)

select
    ideals.user_key,
    models.model,
    models.model_number,
    {{ uniform_draw("user_keys.user_id") }} as draw,
    cases.is_late,
    ideals.ideal_gain,
    coalesce(gains.gain, 0) / ideals.ideal_gain as ndcg
from ideals
cross join (
    values
    {% for model in unranked_models() %}
        ('{{ model }}', {{ loop.index }}){{ "," if not loop.last }}
    {% endfor %}
) as models (model, model_number)
inner join {{ ref("int_user_keys") }} as user_keys
    on ideals.user_key = user_keys.user_key
inner join {{ ref("int_ranker_cases") }} as cases
    on ideals.user_key = cases.user_key
left join gains
    on ideals.user_key = gains.user_key and models.model = gains.model
