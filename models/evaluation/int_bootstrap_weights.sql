{# Poisson bootstrap: in each sample a user counts 0, 1, 2 ... times, as often as a draw
   with replacement would take it (Chamandy et al. 2012). Draws are hashes: every build
   has the same. #}
with users as (
    select distinct
        targets.user_key,
        user_keys.user_id
    from {{ ref("int_targets") }} as targets
    inner join {{ ref("int_user_keys") }} as user_keys
        on targets.user_key = user_keys.user_key
),

draws as (
    select
        users.user_key,
        samples.sample_id,
        {{ uniform_draw("users.user_id || ':' || samples.sample_id") }} as draw
    from users
    cross join range(1, {{ var("bootstrap_samples") | int + 1 }}) as samples (sample_id)
),

weights as (
    {# The distribution function of Poisson(1). #}
    select
        user_key,
        cast(sample_id as integer) as sample_id,
        case
            when draw < 0.36787944 then 0
            when draw < 0.73575888 then 1
            when draw < 0.91969860 then 2
            when draw < 0.98101184 then 3
            when draw < 0.99634015 then 4
            when draw < 0.99940582 then 5
            else 6
        end as weight
    from draws
)

select * from weights
where weight > 0
