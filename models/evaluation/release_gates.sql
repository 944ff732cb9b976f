{# Conditions for publishing tables:
   1. gates: all of them in the same columns;
   2. judged: a gate closes on evidence; one that cannot be judged is reported and does
      not close. #}
{% set compared = {
    "int_recall_gates": ["margin_lower", "margin_upper", "last_value", "lacks"],
    "int_graph_gates": ["last_value", "lacks"],
    "int_cleaning_gates": [],
    "int_catalogue_gates": [],
    "int_withheld_gates": [],
    "int_list_gates": [],
    "int_change_gates": ["last_value", "lacks"],
} %}
{% set types = {
    "margin_lower": "double", "margin_upper": "double", "last_value": "double",
    "lacks": "string",
} %}

with gates as (
    {% for gates, columns in compared.items() %}
        select
            gate,
            value,
            lower,
            upper,
            threshold,
            {% for column, type in types.items() %}
                {% if column in columns %} {{ column }},
                {% else %} cast(null as {{ type }}) as {{ column }},
                {% endif %}
            {% endfor %}
            is_short,
            message
        from {{ ref(gates) }}
        {{ "union all" if not loop.last }}
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
