-- One row per knob that is out of its range, and per category and brand that the shop does not
-- have, with the one spelled most like it: "phones" is like "electronics.phones", too.
create or replace macro internal.knob_complaints(
    k, skip, popularity, category, brand, min_price, max_price, per_category, per_brand, relation
) as table
with bounded as (

    select * from (values
        ('k', cast(k as double), 1, false),
        ('skip', cast(skip as double), 0, false),
        ('per_category', cast(per_category as double), 1, true),
        ('per_brand', cast(per_brand as double), 1, true),
        ('min_price', cast(min_price as double), 0, true),
        ('max_price', cast(max_price as double), coalesce(min_price, 0), true)
    ) as knobs (knob, given, least_value, may_be_null)

),

listed as (

    select
        'category' as knob,
        category is null as is_null,
        internal.as_list(category) as names
    union all
    select
        'brand' as knob,
        brand is null as is_null,
        internal.as_list(brand) as names

),

asked as (

    select
        listed.knob,
        unnest(listed.names) as given
    from listed

),

known as (

    select distinct
        'category' as knob,
        tree.ancestor_code as known_name,
        split_part(tree.ancestor_code, '.', -1) as last_part
    from category_tree as tree
    where category is not null
    union all
    select distinct
        'brand' as knob,
        products.brand as known_name,
        products.brand as last_part
    from products
    where brand is not null and products.brand is not null

),

unknown as (

    select
        asked.knob,
        asked.given,
        arg_min(
            known.known_name,
            (
                least(
                    levenshtein(known.known_name, asked.given),
                    levenshtein(known.last_part, asked.given)
                ),
                known.known_name
            )
        ) as most_like
    from asked
    left join known on asked.knob = known.knob
    group by asked.knob, asked.given
    having not coalesce(bool_or(known.known_name = asked.given), false)

)

select
    bounded.knob || ' must be ' || regexp_replace(cast(bounded.least_value as varchar), '[.]0$', '') || ' or more, not '
    || coalesce(regexp_replace(cast(bounded.given as varchar), '[.]0$', ''), 'null') as complaint
from bounded
where
    case
        when bounded.given is null then not bounded.may_be_null
        else bounded.given < bounded.least_value or not isfinite(bounded.given)
    end
union all
select 'popularity must be between -10 and 10, not ' || coalesce(cast(popularity as varchar), 'null')
where (cast(popularity as double) between -10 and 10) is not true
union all
select 'relation must be substitute, complement or null, not ' || cast(relation as varchar)
where relation not in ('substitute', 'complement')
union all
select listed.knob || ' names none: leave it out, or give null, for all'
from listed
where not listed.is_null and listed.names is null
union all
select
    'no ' || unknown.knob || ' ' || unknown.given
    || coalesce('; did you mean ' || unknown.most_like || '?', '')
from unknown;

comment on macro table internal.knob_complaints is
    'One row per parameter with an invalid value, with a text that says what is wrong.';
