{% macro begin_build() %}
    {#
        First thing of every run: refuses bad vars and unreadable input before anything is
        written, and notes which nodes are about to change, so that a run that is killed
        half-way cannot be taken for a finished one.
    #}
    {% if execute and flags.WHICH in ("build", "run", "test", "retry") %}
        {% do longtail_package("begin", {
            "which": flags.WHICH,
            "vars": invocation_args_dict.get("vars", {}),
            "selected": selected_resources,
        }) %}
    {% endif %}
{% endmacro %}
