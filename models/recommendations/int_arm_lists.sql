{# Lists of the users whose arm has vars, by the macros of the default lists: the arm's
   neighbours, exclusions and cap replace the serving model's. #}
{{ config(
    enabled=arms_with_vars() | length > 0,
    batch_over="int_user_batches",
    batch_where="scope = 'published'",
) }}

with batch_users as (
    select arm_users.*
    from {{ ref("int_arm_users") }} as arm_users
    inner join {{ ref("int_user_batches") }} as batches
        on arm_users.user_key = batches.user_key
    where batches.scope = 'published' and {{ in_batch("batches.batch") }}
),

listed as (
    {# ST09 mistakes the joins inside for joins of this query. #}
    {% for arm in arms_with_vars() %}
        select arm_lists.*
        from (  -- noqa: ST09
            with users as (
                select user_key from batch_users
                where arm = '{{ arm["name"] }}'
            ),

            arm_neighbours as (
                {{ neighbours_of_arm(arm) }}
            ),

            arm_exclusions as (
                select * from {{ ref("int_arm_exclusions") }}
                where arm = '{{ arm["name"] }}'
            ),

            {{ recommended_products(
                "published",
                "users",
                "arm_neighbours",
                ["ranked" if arm_is_ranked(arm) else "arm"],
                var("recommendations"),
                "arm_exclusions",
                arm_var(arm, "category_cap"),
            ) }},

            {{ other_causes("published", "arm_neighbours") }}

            select * from caused
        ) as arm_lists
        {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from listed
