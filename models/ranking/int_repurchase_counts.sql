{# 1. gaps: days between purchases of one product, by category and by its parents;
   2. buyers and shares: who bought a product of the category, and who bought it again;
   3. usual: median and 5 % quantile of the gaps;
   4. counted: both, with the category above. #}
with gaps as (
    select
        gaps.cut,
        coalesce(tree.ancestor_code, '') as category_code,
        gaps.user_key,
        gaps.product_key,
        gaps.days
    from {{ ref("int_repurchase_gaps") }} as gaps
    left join {{ ref("category_tree") }} as tree
        on gaps.category_code = tree.category_code
    union all
    select
        cut,
        '' as category_code,
        user_key,
        product_key,
        days
    from {{ ref("int_repurchase_gaps") }}
    where category_code is not null
),

buyers as (
    select
        cut,
        category_code,
        user_key,
        product_key,
        count(days) as times
    from gaps
    group by cut, category_code, user_key, product_key
),

shares as (
    select
        cut,
        category_code,
        count(*) as buyers,
        count(*) filter (where times > 0) as repeaters
    from buyers
    group by cut, category_code
),

usual as (
    select
        cut,
        category_code,
        percentile_cont(0.5) within group (order by days) as usual_days,
        percentile_cont(0.05) within group (order by days) as soonest_days
    from gaps
    where days is not null
    group by cut, category_code
),

counted as (
    select
        shares.*,
        usual.usual_days,
        usual.soonest_days,
        case
            when shares.category_code = '' then null
            when shares.category_code like '%.%'
                then regexp_replace(shares.category_code, '[.][^.]*$', '')
            else ''
        end as parent_code
    from shares
    left join usual
        on
            shares.cut = usual.cut
            and shares.category_code = usual.category_code
)

select * from counted
