{{ config(
    tags=["availability"],
    post_hook="{{ keep_broken_lines('broken_availability_lines', 'unpacked_catalogue') }}",
) }}

{# Reads the catalogue itself, so that a change of availability retrains nothing. A row
   that is rejected for other reasons still counts: its product may be sold out. #}
with {{ typed_catalogue() }}

select
    product_id,
    unreadable_availability is null as is_readable,
    unreadable_availability is null
    and coalesce(is_available, stock > 0, true) as is_available,
    available_from,
    available_until,
    source_file,
    source_row
from judged
where product_id is not null and place_from_last = 1
