{# The ranker's order, except for granted places. As many candidates as a list takes and
   some to spare, or all where a cap may skip some. #}
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

{# Lists are ordered by score: granted products score below kept ones, the rest below
   those. #}
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

select * from held
{% if var("category_cap") | int == 0 %}
    qualify row_number() over (
        partition by scope, user_key order by score desc, product_key
    ) <= {{ longest_ranked("scope") }}
{% endif %}
