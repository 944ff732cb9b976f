{# What has to hold before tables are published. A gate closes on evidence; what cannot
   be judged is said and does not close. #}
with gates as (

    {% for gates in [
        "int_recall_gates", "int_graph_gates", "int_cleaning_gates", "int_change_gates"
    ] %}
        select * from {{ ref(gates) }}
        {{ "union all by name" if not loop.last }}
    {% endfor %}

),

judged as (

    select
        *,
        case
            when lacks is null and is_short then 'closed'
            when lacks is null and not is_short then 'passed'
            else 'undecided'
        end as status
    from gates

)

select
    gate,
    status,
    status != 'closed' as is_passed,
    value,
    lower,
    upper,
    threshold,
    margin_lower,
    margin_upper,
    last_value,
    case status
        when 'closed' then message
        when 'undecided'
            then 'not enough to judge: ' || coalesce(lacks, 'there is no figure')
    end as message
from judged
