-- Whether a price is at most the limit; a product without a price only passes without a limit.
create or replace macro is_within_price(price, max_price) as
    max_price is null or coalesce(price <= max_price, false);

comment on macro is_within_price is
    'Whether price is at most max_price; true when max_price is null, false when only price is.';
