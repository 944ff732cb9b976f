-- One row for a product that the log does not have.
create or replace macro internal.product_complaints(product_id) as table
select 'no product ' || coalesce(cast(product_id as varchar), 'null') || ' in the log' as complaint
from (
    select count(*) as found
    from products
    where products.product_id = cast(product_id as varchar)
) as known
where known.found = 0;

comment on macro table internal.product_complaints is
    'One row with a text that says so when the log has no such product.';
