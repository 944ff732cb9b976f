{# Ordered from buying to looking: a thrifty user's draw is scaled up, away from
   purchases. A number stands for a complement of the current product. #}
with plans (plan, chance, actions) as (
    values
    (1, 2, 'view cart view:1 view:2 cart:2 purchase purchase:2'),
    (2, 2, 'view view cart view:1 cart:1 purchase purchase:1'),
    (3, 3, 'view cart purchase view:1 view:2'),
    (4, 4, 'view cart purchase'),
    (5, 2, 'view purchase'),
    (6, 8, 'view cart view:1'),
    (7, 5, 'view cart view:2'),
    (8, 4, 'view cart remove_from_cart'),
    (9, 10, 'view cart'),
    (10, 6, 'search view'),
    (11, 954, 'view')
),

tickets as (
    select
        plan,
        actions,
        unnest(range(chance)) as ticket
    from plans
),

numbered as (
    select
        actions,
        row_number() over (order by plan, ticket) - 1 as ticket_number
    from tickets
),

placed as (
    select
        numbered.ticket_number,
        places.place,
        split_part(numbered.actions, ' ', places.place + 1) as deed
    from numbered
    cross join (values (0), (1), (2), (3), (4), (5), (6)) as places (place)
)

select
    ticket_number,
    place,
    split_part(deed, ':', 1) as event_type,
    coalesce(try_cast(split_part(deed, ':', 2) as integer), 0) as complement_place
from placed
where deed != ''
