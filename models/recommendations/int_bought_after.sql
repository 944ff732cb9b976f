{# Evidence for complements: sessions in which one product was wanted (an event above a
   click) and another was looked at afterwards. #}
with session_products as (

    select
        session_id,
        product_key,
        min(event_at) as first_event_at,
        min(event_at) filter (where event_weight > {{ click_weight() }}) as wanted_at
    from {{ ref("int_interactions") }}
    where not is_holdout and event_weight > 0
    group by session_id, product_key

),

placed as (

    {# The first `rp3_group_size` products of a session: pairs grow with the square. #}
    select
        *,
        row_number() over (
            partition by session_id order by first_event_at, product_key
        ) as place
    from session_products

),

pairs as (

    select
        wanted.product_key,
        later.product_key as neighbour_key,
        count(*) as sessions
    from placed as wanted
    inner join placed as later on wanted.session_id = later.session_id
    where
        wanted.place <= {{ var("rp3_group_size") }}
        and later.place <= {{ var("rp3_group_size") }}
        and wanted.product_key != later.product_key
        and (
            later.first_event_at > wanted.wanted_at
            or (wanted.wanted_at is not null and later.wanted_at >= wanted.wanted_at)
        )
    group by all

)

select * from pairs
