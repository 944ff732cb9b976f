{% set caps = ranked_category_caps() %}
{# Lists are ordered by step, then by score: kept places, granted places, the rest. The
   steps come before step 1 of the ladder (`ladder_source`).
   Only as many candidates as a list takes and some to spare, or all where a cap may skip
   some: the build's or that of the user's arm. #}
with lengths as (
    {{ lengths_of_lists() }}
),

stepped as (
    select
        places.scope,
        places.user_key,
        places.product_key,
        places.because_product_key,
        case
            when places.place <= lengths.kept_places then -2
            when granted.product_key is not null then -1
            else 0
        end as step,
        places.score
    from {{ ref("int_ranked_places") }} as places
    inner join lengths on places.scope = lengths.scope
    left join {{ ref("int_granted_places") }} as granted
        on
            places.scope = granted.scope
            and places.user_key = granted.user_key
            and places.product_key = granted.product_key
)

select stepped.*
from stepped
{% if caps %}
    left join {{ ref("int_arm_users") }} as arm_users
        on stepped.scope = 'published' and stepped.user_key = arm_users.user_key
{% endif %}
{% if caps or var("category_cap") | int == 0 %}
    qualify
        row_number() over (
            partition by stepped.scope, stepped.user_key
            order by stepped.step, stepped.score desc, stepped.product_key
        ) <= {{ longest_ranked("stepped.scope") }}
        {% if caps %}
            or case arm_users.arm
                {% for name, cap in caps.items() %}
                    when '{{ name }}' then {{ (cap > 0) | lower }}
                {% endfor %}
                else {{ (var("category_cap") | int > 0) | lower }}
            end
        {% endif %}
{% endif %}
