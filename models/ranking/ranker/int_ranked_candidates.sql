{% set caps = ranked_category_caps() %}
{# The ranker's order, except for granted places.
   1. placed: what keeps its place, and what is granted one;
   2. held: lists are ordered by score, so granted products score below kept ones, the
   rest below those.
   Then as many as a list takes and some to spare, or all where a cap may skip some: the
   build's or that of the user's arm. #}
with lengths as (
    {{ lengths_of_lists() }}
),

placed as (
    select
        places.*,
        granted.product_key is not null as is_granted,
        places.place <= lengths.kept_places as is_kept,
        min(
            case when places.place <= lengths.kept_places then places.score end
        ) over (partition by places.scope, places.user_key) as last_kept_score
    from {{ ref("int_ranked_places") }} as places
    inner join lengths on places.scope = lengths.scope
    left join {{ ref("int_granted_places") }} as granted
        on
            places.scope = granted.scope
            and places.user_key = granted.user_key
            and places.product_key = granted.product_key
),

held as (
    select
        scope,
        user_key,
        product_key,
        because_product_key,
        case
            when is_kept then score
            when is_granted then (1 - 1e-9 * place) * last_kept_score
            else 0.999 * score
        end as score
    from placed
)

select held.*
from held
{% if caps %}
    left join {{ ref("int_arm_users") }} as arm_users
        on held.scope = 'published' and held.user_key = arm_users.user_key
{% endif %}
{% if caps or var("category_cap") | int == 0 %}
    qualify
        row_number() over (
            partition by held.scope, held.user_key
            order by held.score desc, held.product_key
        ) <= {{ longest_ranked("held.scope") }}
        {% if caps %}
            or case arm_users.arm
                {% for name, cap in caps.items() %}
                    when '{{ name }}' then {{ (cap > 0) | lower }}
                {% endfor %}
                else {{ (var("category_cap") | int > 0) | lower }}
            end
        {% endif %}
{% endif %}
