{% macro begin_build() %}
    {#
        First step of every run: refuses bad vars and unreadable input before anything is written,
        and records what is about to change, so that an interrupted run is not mistaken for a
        finished one.
    #}
    {% if execute and flags.WHICH in ("build", "run", "test", "retry") %}
        {% do refuse_vars_of_another_project() %}
        {% do name_tables() %}
        {# Ephemeral models are inlined into others and never have a result. #}
        {% set without_result = [] %}
        {% for node in graph.nodes.values() if node.config.materialized == "ephemeral" %}
            {% do without_result.append(node.unique_id) %}
        {% endfor %}
        {% set lines = longtail_package("begin", dict(
            run_request(),
            which=flags.WHICH,
            selected=selected_resources,
            parents=parents_of_nodes(),
            without_result=without_result,
        )) %}
        {% for line in lines %}{% do log(line, info=True) %}{% endfor %}
    {% endif %}
{% endmacro %}
