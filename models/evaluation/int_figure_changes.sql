{# Made-up events are compared with nothing: no shop depends on them. #}
with builds as (

    select
        build_id,
        row_number() over (order by max(built_at) desc, build_id) as age
    from {{ ref("build_figures") }}
    group by build_id

),

figures as (

    select
        builds.age,
        figures.*
    from {{ ref("build_figures") }} as figures
    inner join builds on figures.build_id = builds.build_id

),

changes as (

    select
        this_build.figure,
        this_build.value,
        this_build.lower,
        this_build.upper,
        this_build.users,
        last_build.value as last_value,
        last_build.lower as last_lower,
        last_build.users as last_users
    from figures as this_build
    left join figures as last_build
        on
            this_build.figure = last_build.figure
            and last_build.age = 2
            and not (this_build.is_demo or last_build.is_demo)
    where this_build.age = 1

)

select * from changes
