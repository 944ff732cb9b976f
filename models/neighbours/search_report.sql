{# Each search notes in the metadata of its table's file how it was done; an approximate
   index with its recall against the exact search on the build's own products. #}
-- depends_on: {{ ref("neighbours_deepwalk") }}
-- depends_on: {{ ref("neighbours_node2vec") }}
-- depends_on: {{ ref("successors_deepwalk") }}
{% set fields = {
    "search": "varchar", "method": "varchar", "database_size": "bigint",
    "query_count": "bigint", "k": "integer", "lists": "bigint", "probes": "bigint",
    "recall_queries": "bigint", "recall_at_k": "double",
} %}
{% set files = [
    work_files("neighbours_*.parquet"), work_files("successors_deepwalk.parquet")
] %}
with reports as (

    select decode(value) as report
    from parquet_kv_metadata({{ text_list(files) }})
    where decode(key) = 'search'

)

select
    {% for field, type in fields.items() %}
        cast(report ->> '{{ field }}' as {{ type }}) as {{ field }}
        {{- "," if not loop.last }}
    {% endfor %}
from reports
