-- One row per setting of the popularity dial.
select * from popularity_dial order by popularity
