{% macro parents_of_nodes() %}
    {# Maps every model and test to the nodes that it reads. Tests of disabled models are in dbt's
       graph but never run. #}
    {% set parents = {} %}
    {% for node in graph.nodes.values() if node.resource_type in ("model", "test")
        and (not node.attached_node or node.attached_node in graph.nodes) %}
        {% do parents.update({node.unique_id: node.depends_on.nodes | list}) %}
    {% endfor %}
    {{ return(parents) }}
{% endmacro %}
