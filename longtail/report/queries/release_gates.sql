-- One row per gate, the closed and undecided ones first.
select
    gate,
    status,
    value,
    threshold,
    message
from release_gates
order by status = 'passed', gate
