{# Written by the searches themselves, beside their tables; an approximate index reports
   its recall against the exact search on the build's own products. #}
-- depends_on: {{ ref("neighbours_deepwalk") }}
-- depends_on: {{ ref("neighbours_node2vec") }}
-- depends_on: {{ ref("successors_deepwalk") }}
with reports as (

    select *
    from read_parquet('{{ work_files("*.report.parquet") }}', hive_partitioning = false)

)

select
    search,
    method,
    database_size,
    query_count,
    cast(k as integer) as k,
    lists,
    probes,
    recall_queries,
    recall_at_k
from reports
