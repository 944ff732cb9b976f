{# Users with candidates in batches of about the same number of terms. A product has up
   to twice `neighbours`, and a row of features takes three times the memory of a term
   of lists; cases also get a list per model. #}
with work as (
    select
        scope,
        user_key,
        case scope
            when 'learned' then {{ [6, unranked_models() | length] | max }}
            else 6
        end * count(*) * {{ var("neighbours") }} as terms
    from {{ ref("int_ranker_histories") }}
    group by scope, user_key
)

select
    scope,
    user_key,
    cast({{ whole_quotient(
        "sum(terms) over in_order", var("terms_per_batch")
    ) }} as integer) as batch
from work
window in_order as (
    order by scope, user_key
    rows between unbounded preceding and current row
)
