-- One row per model, task, segment, metric and k, with an interval when the table has one.
select * from model_metrics order by all
