-- One row per reason: rejected rows, and one of them to look at.
select
    reason,
    count(*) as events,
    left(min(raw_values), 300) as example,
    arg_min(source_file, raw_values) as source_file
from rejected_events
group by reason
order by events desc, reason
