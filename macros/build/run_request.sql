{% macro run_request() -%}
    {# What the Python package needs to determine which files this run reads, if it may. Not by
       var(), which would render braces in a path or an expression as Jinja. #}
    {{- return({"run": {
        "vars": invocation_args_dict.get("vars", {}),
        "full_refresh": flags.FULL_REFRESH or false,
        "target": target.name,
        "part": "empty" if invocation_args_dict.get("empty")
            else "sample" if invocation_args_dict.get("sample") else "",
    }}) -}}
{%- endmacro %}
