-- One row per setting of the popularity dial and metric.
select * from popularity_dial order by all
