{# Lines of product_edges.edg that are not edges, and edges that are not in the file. #}
with lines as (
    select *
    from read_csv(
        '{{ work_files("product_edges.edg") }}',
        auto_detect = false,
        hive_partitioning = false,
        header = false,
        delim = '\t',
        columns = {
            'source_node_id': 'INTEGER',
            'target_node_id': 'INTEGER',
            'weight': 'DOUBLE'
        }
    )
),

edges as (
    select
        source_node_id,
        target_node_id,
        weight
    from {{ ref("product_edges") }}
)

(
    select * from lines
    except all
    select * from edges
)
union all
(
    select * from edges
    except all
    select * from lines
)
