{{ config(tags=['demo'], enabled=not var('events', '')) }}

select count(*) as events
from {{ ref('demo_events') }}
having abs(count(*) - {{ var('demo_events') }}) > 0.1 * {{ var('demo_events') }}
