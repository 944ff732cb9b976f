{{ config(tags=['demo'], enabled=not (var('events', '') or var('hash_user_ids'))) }}

{# Measured: .55 to .90 with 10 thousand to 300 thousand events, .05 when users get each
   other's lists. #}
with {{ demo_lists() }},

{{ demo_tastes() }},

first_news as (
    select
        user_number,
        leaf_number
    from listed
    where not is_seen
    qualify row_number() over (partition by user_number order by rank) <= 3
)

select avg(cast(tastes.leaf_number is not null as integer)) as share_within_tastes
from first_news
left join tastes
    on
        first_news.user_number = tastes.user_number
        and first_news.leaf_number = tastes.leaf_number
having coalesce(avg(cast(tastes.leaf_number is not null as integer)), 0) < 0.4
