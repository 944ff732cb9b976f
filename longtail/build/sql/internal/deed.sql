-- What a user did with a product, in the second person.
create or replace macro internal.deed(event_type, product) as
    case event_type
        when 'view' then 'looked at ' || product
        when 'search' then 'searched for ' || product
        when 'cart' then 'put ' || product || ' into your cart'
        when 'purchase' then 'bought ' || product
        when 'remove_from_cart' then 'took ' || product || ' out of your cart'
        else 'had the event "' || event_type || '" with ' || product
    end;

comment on macro internal.deed is
    'An event in words: "put Case (2) into your cart".';
