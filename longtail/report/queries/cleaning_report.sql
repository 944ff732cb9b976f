-- One row per cleaning rule: the events it took.
select step, rule, events from cleaning_report order by events desc, step, rule
