{% macro refuse_vars_of_another_project() -%}
    {# A project that uses this one as a package may set its vars in its own dbt_project.yml, which
       models see and the Python package does not: they would read different settings. #}
    {%- if project_name != "longtail" -%}
        {%- set old_names = {
            "log_frequency_weight": "popularity",
            "log_frequency_weights": "popularity_dial",
            "interactions_exponent": "popularity_weight",
        } -%}
        {%- for name, value in fromjson(settings_as_json()).items() -%}
            {%- if var(old_names.get(name, name), var(name, value)) != value -%}
                {{- exceptions.raise_compiler_error(
                    "pass longtail's var '" ~ name ~ "' by --vars: in the vars of "
                    ~ project_name ~ "/dbt_project.yml only a part of the build would see it"
                ) -}}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
