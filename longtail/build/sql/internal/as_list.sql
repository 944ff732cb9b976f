-- What a knob takes that may be one value or a list of them; null when it names nothing.
create or replace macro internal.as_list(one_or_several) as (
    select list(cast(items.item as varchar)) filter (items.item is not null)
    from (select unnest([one_or_several], recursive := true) as item) as items
);

comment on macro internal.as_list is
    'A list of texts from one value or a list of values; null when there is none.';
