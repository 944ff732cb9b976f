{% macro tables_read(node) %}
    {# Names of the tables that a model reads, directly or through an ephemeral model, in a fixed
       order. #}
    {% set names = [] %}
    {% for parent in node.depends_on.nodes %}
        {% set read = graph.nodes.get(parent) or graph.sources[parent] %}
        {% if read.config.materialized == "ephemeral" %}
            {% do names.extend(tables_read(read)) %}
        {% else %}
            {% do names.append(read.name) %}
        {% endif %}
    {% endfor %}
    {{ return(names | unique | sort) }}
{% endmacro %}
