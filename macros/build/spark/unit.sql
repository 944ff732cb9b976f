{% materialization unit, adapter="spark" %}
    {#
        dbt's materialization of this name. Differs in one thing: CTEs marked by `computed_once` are
        computed first, as in a build, where Spark would plan them at each reference for minutes.
    #}
    {% set query = longtail_package("compute_ctes", {"query": sql}) %}
    {% set rows, expected = config.get("expected_rows"), config.get("expected_sql") %}
    {% set names = rows[0].keys() if rows else get_columns_in_query(query) %}
    {% set empty = make_temp_relation(this.incorporate(type="table")) %}
    {% do run_query(get_create_table_as_sql(True, empty, get_empty_subquery_sql(query))) %}
    {% set types, quoted = {}, {} %}
    {% for column in adapter.get_columns_in_relation(empty) %}
        {% do types.update({column.name | lower: column.data_type}) %}
        {% do quoted.update({column.name | lower: column.quoted}) %}
    {% endfor %}
    {% set columns = [] %}
    {% for name in names %}{% do columns.append(quoted[name | lower]) %}{% endfor %}
    {% call statement("main", fetch_result=True) %}
        {{ get_unit_test_sql(query, expected or get_expected_sql(rows, types, quoted), columns) }}
    {% endcall %}
    {% do adapter.drop_relation(empty) %}
    {{ return({"relations": []}) }}
{% endmaterialization %}
