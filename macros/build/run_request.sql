{% macro run_request() -%}
    {# What the Python package must know of this run to tell which files it reads. Not by var(),
       which would take braces in a path or an expression for Jinja. #}
    {{- return({
        "vars": invocation_args_dict.get("vars", {}),
        "full_refresh": flags.FULL_REFRESH or false,
    }) -}}
{%- endmacro %}
