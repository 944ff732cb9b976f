{% macro view_over(existing, target_relation, files) %}
    {#
        Last step of a materialization: replaces the table's relation in the build's database,
        whatever it was, with a view over its files.
    #}
    {% if existing is not none and not existing.is_view %}
        {% do adapter.drop_relation(existing) %}
    {% endif %}
    {% call statement("view") %}
        create or replace view {{ target_relation }} as
        select * from {{ files }}
    {% endcall %}
{% endmacro %}
