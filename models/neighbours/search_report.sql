{# Each search notes in the metadata of its table's file how it was done; an approximate
   index with its recall against the exact search on the build's own products. #}
-- depends_on: {{ ref("neighbours_deepwalk") }}
-- depends_on: {{ ref("neighbours_node2vec") }}
-- depends_on: {{ ref("successors_deepwalk") }}
{% set files = [
    work_files("neighbours_*.parquet"), work_files("successors_deepwalk.parquet")
] %}
with reports as (
    select decode(value) as report
    from parquet_kv_metadata({{ text_list(files) }})
    where decode(key) = 'search'
)

select
    report ->> 'search' as search,
    report ->> 'method' as method,
    cast(report ->> 'database_size' as bigint) as database_size,
    cast(report ->> 'query_count' as bigint) as query_count,
    cast(report ->> 'k' as integer) as k,
    cast(report ->> 'lists' as bigint) as lists,
    cast(report ->> 'probes' as bigint) as probes,
    cast(report ->> 'recall_queries' as bigint) as recall_queries,
    cast(report ->> 'recall_at_k' as double) as recall_at_k
from reports
