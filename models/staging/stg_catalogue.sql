select
    product_id,
    product_name,
    url,
    image_url,
    price,
    currency,
    category_id,
    category_code,
    brand,
    source_file,
    source_row
from {{ ref("stg_raw_catalogue") }}
where reject_reason is null
