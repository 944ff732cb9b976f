-- What to call a product in a sentence: its name, else brand and category, with its id.
create or replace macro internal.product_label(product_id, product_name, brand, category_code) as
    coalesce(
        product_name,
        nullif(
            concat_ws(' ', brand, replace(split_part(category_code, '.', -1), '_', ' ')), ''
        ),
        'product'
    ) || ' (' || product_id || ')';

comment on macro internal.product_label is
    'A product in words: "Phone (1)", or "acme phones (1)" when it has no name.';
