{# Publication waits for this: see release_gates for the figures. #}
select *
from {{ ref("release_gates") }}
where not is_passed
