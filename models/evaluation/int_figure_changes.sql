{# Demo events are compared with nothing: no shop depends on them. #}
with figures as (
    select * from {{ ref("build_figures") }}
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
            and last_build.builds_ago = 1
            and not (this_build.is_demo or last_build.is_demo)
    where this_build.builds_ago = 0
)

select * from changes
