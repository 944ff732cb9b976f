{% macro view_over(existing, target_relation, files) %}
    {#
        Last step of a materialization: the table in the build's database is a view over its
        files, whatever it was before.
    #}
    {% if existing is not none and not existing.is_view %}
        {% do adapter.drop_relation(existing) %}
    {% endif %}
    {% call statement("view") %}
        create or replace view {{ target_relation }} as
        select * from {{ files }}
    {% endcall %}
{% endmacro %}
