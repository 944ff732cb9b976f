{# Made-up events are compared with nothing: nobody's shop depends on them. #}
with builds as (

    select
        build_id,
        is_demo,
        row_number() over (order by built_at desc, build_id) as age
    from (select distinct build_id, built_at, is_demo from {{ ref("build_figures") }})

),

this_build as (

    select figures.*
    from {{ ref("build_figures") }} as figures
    semi join builds on figures.build_id = builds.build_id and builds.age = 1

),

last_build as (

    select figures.*
    from {{ ref("build_figures") }} as figures
    semi join builds
        on
            figures.build_id = builds.build_id
            and builds.age = 2
            and not builds.is_demo
    where not exists (select * from this_build where is_demo)

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
    from this_build
    left join last_build on this_build.figure = last_build.figure

)

select * from changes
