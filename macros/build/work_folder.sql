{% macro work_folder() %}
    {{- return(adapter.external_root()) -}}
{% endmacro %}
