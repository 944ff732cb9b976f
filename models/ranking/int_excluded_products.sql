with excluded as (
    {{ repurchase_exclusions() if var("exclude") == "auto" else plain_exclusions() }}
)

select * from excluded
