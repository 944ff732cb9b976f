{% macro work_folder() %}
    {{- return(adapter.dispatch("work_folder", "longtail")()) -}}
{% endmacro %}

{% macro duckdb__work_folder() %}
    {{- return(adapter.external_root()) -}}
{% endmacro %}

{% macro spark__work_folder() %}
    {{- return(adapter.work_folder()) -}}
{% endmacro %}
