{# Candidates that the user has interacted with. #}
select
    histories.case_key,
    histories.product_key,
    case
        when histories.place <= {{ var("history_length") }} then histories.product_key
    end as because_product_key,
    histories.place as repeat_place,
    histories.repeat_interest,
    histories.weight as repeat_weight,
    histories.sessions as repeat_sessions,
    histories.interval_days as repeat_interval_days,
    histories.repurchase_share,
    histories.repurchase_days,
    {{ seconds_between("histories.last_event_at", "cases.last_event_at") }} / 86400
        as repeat_age_days
from {{ ref("int_ranker_case_histories") }} as histories
inner join {{ ref("int_ranker_case_facts") }} as cases
    on histories.case_key = cases.case_key
