{# Products after a wanted one in a session. Wanting both counts fully; a look counts
   less with each step between. #}
with sessions as (
    select * from {{ ref("int_wanting_sessions") }}
),

followed as (
    select
        wanted.product_key,
        later.product_key as neighbour_key,
        later.first_step - wanted.wanted_step as distance,
        coalesce(later.wanted_at >= wanted.wanted_at, false) as is_wanted_too
    from sessions as wanted
    inner join sessions as later on wanted.session_id = later.session_id
    where wanted.wanted_step is not null and wanted.product_key != later.product_key
),

weighed as (
    select
        product_key,
        neighbour_key,
        is_wanted_too,
        {% if var("window") | int > 0 %}
            case
                when is_wanted_too then 1
                when distance between 1 and {{ var("window") }}
                    then power({{ var("complement_decay") }}, distance - 1)
                else 0
            end as weight
        {% else %}
            1 as weight
        {% endif %}
    from followed
),

pairs as (
    select
        product_key,
        neighbour_key,
        count(*) as sessions,
        count(*) filter (where is_wanted_too) as sessions_wanted_both,
        {{ exact_sum("weight", 6) }} as weight
    from weighed
    where weight > 0
    group by product_key, neighbour_key
)

select * from pairs
