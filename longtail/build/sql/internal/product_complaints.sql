-- One row for a product that the log does not have; a name is no id, but leads to one.
create or replace macro internal.product_complaints(product_id) as table
select
    'no product ' || coalesce(cast(product_id as varchar), 'null') || ' in the log'
    || coalesce('; the id of the product of that name is ' || known.named, '') as complaint
from (
    select
        count(*) filter (products.product_id = cast(product_id as varchar)) as found,
        arg_max(products.product_id, (products.interactions, products.product_id)) as named
    from products
    where cast(product_id as varchar) in (products.product_id, products.product_name)
) as known
where known.found = 0;

comment on macro table internal.product_complaints is
    'One row with a text that says so when the log has no such product.';
