{% macro forget_files_read() %}
    {# Hook before the events are read: a build interrupted from then on leaves nothing to rely
       on. #}
    {% if execute %}{% do longtail_package("forget_files_read") %}{% endif %}
{% endmacro %}
