{# Histories that the models are asked with, held against the clock. With an external
   file of targets the question is asked at the end of the log, and everything may be
   known. #}
select histories.*
from {{ ref("int_user_histories") }} as histories
cross join {{ ref("int_timeline") }} as timeline
where
    histories.scope = 'evaluated'
    and histories.last_event_at >= timeline.graph_cutoff_at
    and not {{ "true" if var("targets") else "false" }}
