{# Each search writes its method to the metadata of its table's file; an approximate
   index adds its recall against the exact search on the build's own products. #}
{% set tables = ["neighbours_deepwalk", "neighbours_node2vec", "successors_deepwalk"] %}
-- depends_on: {{ ref("neighbours_deepwalk") }}
-- depends_on: {{ ref("neighbours_node2vec") }}
-- depends_on: {{ ref("successors_deepwalk") }}
with reports as (
    {{ search_reports(tables) }}
)

select
    {{ json_text("report", "search") }} as search,
    {{ json_text("report", "method") }} as method,
    cast({{ json_text("report", "database_size") }} as bigint) as database_size,
    cast({{ json_text("report", "query_count") }} as bigint) as query_count,
    cast({{ json_text("report", "k") }} as integer) as k,
    cast({{ json_text("report", "lists") }} as bigint) as lists,
    cast({{ json_text("report", "probes") }} as bigint) as probes,
    cast({{ json_text("report", "recall_queries") }} as bigint) as recall_queries,
    cast({{ json_text("report", "recall_at_k") }} as double) as recall_at_k
from reports
