{% macro graph_cutoff() %}
    {# `as_of` of int_session_steps: the cut in time. #}
    {{ return(run_query(
        "select graph_cutoff_at::string from " ~ ref("int_timeline")
    )[0][0]) }}
{% endmacro %}
