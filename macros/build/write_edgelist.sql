{% macro write_edgelist() %}
    {# The graph in the form that csrgraph and other tools read: source, target, weight. #}
    {{- return(adapter.dispatch("write_edgelist", "longtail")()) -}}
{% endmacro %}

{% macro spark__write_edgelist() %}
    {% if execute %}
        {% do longtail_package("write_edgelist", {"table": this.identifier}) %}
    {% endif %}
{% endmacro %}

{% macro duckdb__write_edgelist() %}
    copy (
        select source_node_id, target_node_id, weight
        from {{ this }}
        order by source_node_id, target_node_id
    ) to '{{ work_folder() }}/{{ this.identifier }}.edg'
    (format csv, delimiter '\t', header false, use_tmp_file true)
{% endmacro %}
