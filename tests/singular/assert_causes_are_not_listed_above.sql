{# A row whose cause is listed above it, although another product of the history that is
   not listed above it has the row's product among its neighbours. Checks up to about
   ten thousand users. #}
with recommended as (
    select
        user_keys.user_key,
        recommendations.rank,
        products.product_key,
        causes.product_key as because_product_key,
        case
            when {{ is_one_of(
                "recommendations.arm", arms_with_vars() | map(attribute="name")
            ) }} then recommendations.arm
            else 'everybody'
        end as neighbours_of
    from {{ ref("user_recommendations") }} as recommendations
    inner join {{ ref("int_user_keys") }} as user_keys
        on recommendations.user_id = user_keys.user_id
    inner join {{ ref("int_product_keys") }} as products
        on recommendations.product_id = products.product_id
    left join {{ ref("int_product_keys") }} as causes
        on recommendations.because_product_id = causes.product_id
    where
        user_keys.user_key % greatest(
            1, (select count(*) // 10000 from {{ ref("int_user_keys") }})
        ) = 0
),

neighbours as (
    select
        'everybody' as neighbours_of,
        product_key,
        neighbour_key
    from {{ ref("int_neighbours") }}
    where model = {{ serving_model() }}
    {% if arms_with_vars() %}
        union all
        select
            arm as neighbours_of,
            product_key,
            neighbour_key
        from {{ ref("int_arm_neighbours") }}
    {% endif %}
),

causes as (
    {# Each product of a user's history that is near a row's product, with its own place
       in the list. #}
    select
        recommended.user_key,
        recommended.rank,
        histories.product_key,
        histories.product_key = recommended.because_product_key as is_named,
        coalesce(places.rank < recommended.rank, false) as is_listed_above
    from recommended
    inner join {{ ref("int_user_histories") }} as histories
        on recommended.user_key = histories.user_key
    inner join neighbours
        on
            recommended.neighbours_of = neighbours.neighbours_of
            and histories.product_key = neighbours.product_key
            and recommended.product_key = neighbours.neighbour_key
    left join recommended as places
        on
            histories.user_key = places.user_key
            and histories.product_key = places.product_key
    where histories.scope = 'published'
)

select
    user_key,
    rank
from causes
group by user_key, rank
having bool_or(is_named and is_listed_above) and bool_or(not is_listed_above)
