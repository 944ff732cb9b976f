-- One row per cleaning rule: the rows it took, and of how many users.
select step, rule, events, users from cleaning_report order by events desc, step, rule
