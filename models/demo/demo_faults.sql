{# Tickets out of 10,000 rows. A duplicate is two rows on one ticket. #}
with faults (fault, chance, copies) as (
    values
    ('duplicate', 25, 2),
    ('no product', 10, 1),
    ('no user', 10, 1),
    ('no time', 10, 1),
    ('broken time', 10, 1),
    ('word for time', 10, 1),
    ('negative price', 10, 1),
    ('unknown type', 10, 1),
    ('no session', 3, 1)
),

tickets as (
    select
        fault,
        copies,
        unnest(range(chance)) as ticket
    from faults
),

numbered as (
    select
        fault,
        copies,
        row_number() over (order by fault, ticket) - 1 as ticket_number
    from tickets
)

select
    ticket_number,
    fault,
    unnest(range(copies)) as copy_number
from numbered
