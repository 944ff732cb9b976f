-- One row: how pure one cluster with everything in it would be.
select
    (
        select count(*) from report_products where is_mapped
        group by coalesce(level_1, 'no category') order by 1 desc limit 1
    ) / count(*) as level_1_purity,
    (
        select count(*) from report_products where is_mapped
        group by coalesce(category_code, 'no category') order by 1 desc limit 1
    ) / count(*) as category_purity
from report_products
where is_mapped
