{% macro write_edgelist() %}
    {# The graph in the form that csrgraph and other tools read: source, target, weight. #}
    copy (
        select source_node_id, target_node_id, weight
        from {{ this }}
        order by source_node_id, target_node_id
    ) to '{{ work_folder() }}/{{ this.identifier }}.edg'
    (format csv, delimiter '\t', header false, use_tmp_file true)
{% endmacro %}
