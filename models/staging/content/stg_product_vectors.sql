{{ config(enabled=(var("catalogue_vector", "") != "")) }}

select
    product_id,
    vector
from {{ ref("stg_raw_catalogue") }}
where reject_reason is null and vector is not null
