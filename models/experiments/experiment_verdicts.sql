{{ config(enabled=var("impressions", "") != "" and experiments() | length > 0) }}

{# 1. compared: each arm with the control; 2. judged: the interval of the difference,
   and the split. The draw gives each arm a known share of the users. If the observed
   share differs by more than chance (one test in a thousand), something other than the
   draw decides who is logged (Fabijan et al. 2019, "Diagnosing Sample Ratio Mismatch",
   KDD), and no figure can be compared. #}
{% set z = 1.959964 %}
with compared as (
    select
        tested.arm as experiment,
        tested.users,
        control.users as control_users,
        tested.impressions,
        control.impressions as control_impressions,
        tested.clicks,
        control.clicks as control_clicks,
        tested.share_clicked,
        control.share_clicked as control_share_clicked,
        tested.share_clicked - control.share_clicked as difference,
        sqrt(tested.variance + control.variance) as standard_error,
        tested.share / (tested.share + control.share) as expected_share,
        tested.users / nullif(tested.users + control.users, 0) as share_of_users
    from {{ ref("int_arm_clicks") }} as tested
    inner join {{ ref("int_arm_clicks") }} as control
        on tested.arm != 'control' and control.arm = 'control'
),

judged as (
    select
        *,
        difference - {{ z }} * standard_error as lower,
        difference + {{ z }} * standard_error as upper,
        (share_of_users - expected_share) / sqrt(
            expected_share * (1 - expected_share) / nullif(users + control_users, 0)
        ) as split_deviation
    from compared
)

select
    experiment,
    users,
    control_users,
    impressions,
    control_impressions,
    clicks,
    control_clicks,
    share_clicked,
    control_share_clicked,
    difference,
    lower,
    upper,
    {# With 80 % power at 5 %: 1.96 + 0.84 standard errors. #}
    2.8e0 * standard_error as detectable_difference,
    expected_share,
    share_of_users,
    split_deviation,
    case
        when
            least(users, control_users) < {{ var("gate_users") }}
            or clicks + control_clicks < 10 then 'too few'
        when abs(split_deviation) > 3.29 then 'split is off'
        when lower > 0 then 'better'
        when upper < 0 then 'worse'
        else 'level'
    end as verdict
from judged
order by experiment
