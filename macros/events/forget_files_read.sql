{% macro forget_files_read() %}
    {# Hook before the events are read: deletes the record of the files read, so that a build
       interrupted from here on leaves none. #}
    {% if execute %}{% do longtail_package("forget_files_read") %}{% endif %}
{% endmacro %}
