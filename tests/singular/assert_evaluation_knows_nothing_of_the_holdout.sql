{# Histories that models are evaluated with, checked by time. With an external file of
   targets evaluation takes place at the end of the log, where everything may be
   known. #}
select histories.*
from {{ ref("int_user_histories") }} as histories
cross join {{ ref("int_timeline") }} as timeline
where
    histories.scope = 'evaluated'
    and histories.last_event_at >= timeline.graph_cutoff_at
    and not {{ "true" if var("targets") else "false" }}
