-- One row per figure that the latest build and the one before it both have.
select
    now.figure,
    before.value as value_before,
    before.lower as lower_before,
    before.upper as upper_before,
    now.value as value_now,
    now.lower as lower_now,
    now.upper as upper_now,
    before.built_at as built_before
from build_figures as now
inner join build_figures as before
    on now.figure = before.figure and before.builds_ago = 1
where now.builds_ago = 0 and now.value is not null and before.value is not null
order by now.figure
