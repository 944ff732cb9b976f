{% test steps_are_edges(model, column_name, edges) %}
    {# Steps of walks between nodes that no edge joins; up to about 20 thousand walks
       are checked. #}
    with some_walks as (
        select {{ column_name }} as node_ids
        from {{ model }}
        where walk_id % greatest(1, (select count(*) // 20000 from {{ model }})) = 0
    ),

    steps as (
        select unnest(
            list_zip(node_ids[1:len(node_ids) - 1], node_ids[2:])
        ) as step
        from some_walks
    ),

    distinct_steps as (
        select distinct
            least(step[1], step[2]) as source_node_id,
            greatest(step[1], step[2]) as target_node_id
        from steps
    )

    select distinct_steps.*
    from distinct_steps
    anti join {{ edges }} as edges
        on
            distinct_steps.source_node_id = edges.source_node_id
            and distinct_steps.target_node_id = edges.target_node_id
{% endtest %}
