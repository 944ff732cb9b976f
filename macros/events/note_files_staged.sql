{% macro note_files_staged() %}
    {# Hook after the events are typed: their files need not be read again. #}
    {% if execute %}{% do longtail_package("files_staged", {}) %}{% endif %}
{% endmacro %}
