-- The products that may be shown and that a function's filters leave. A product without a price or brand passes only
-- where none is asked for.
create or replace macro internal.fitting_products(
    category, brand, min_price, max_price, exclude
) as table
select products.*
from products
anti join product_availability as availability
    on products.product_key = availability.product_key and not availability.is_shown
where
    (
        category is null
        or products.category_code in (
            select tree.category_code
            from category_tree as tree
            where tree.ancestor_code in (select unnest(internal.as_list(category)))
        )
    )
    and (brand is null or products.brand in (select unnest(internal.as_list(brand))))
    and (min_price is null or products.price >= min_price)
    and (max_price is null or products.price <= max_price)
    and (
        exclude is null
        or products.product_id not in (
            select unnest(coalesce(internal.as_list(exclude), cast([] as varchar[])))
        )
    );

comment on macro table internal.fitting_products is
    'Rows of products that may be shown, of these categories (and below) and brands, within these prices, less those to exclude.';
