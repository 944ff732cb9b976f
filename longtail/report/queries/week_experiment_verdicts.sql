-- One row per experiment, with what its users' clicks say.
select
    experiment,
    users,
    control_users,
    share_clicked,
    control_share_clicked,
    difference,
    lower,
    upper,
    detectable_difference,
    verdict,
    count(*) over () as rows_in_all
from experiment_verdicts
order by experiment
limit $week_rows
