-- One row per product in the file.
select
    product_id as id,
    product_name as name,
    category_code as category,
    brand,
    price,
    -- A page of the shop; a catalogue may hold anything, and a link must not run a script.
    case when regexp_matches(url, '^https?://', 'i') then url end as url,
    interactions,
    purchases,
    cluster_id as cluster,
    x,
    y,
    x3,
    y3,
    z3
from report_products
order by position
