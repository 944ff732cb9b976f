{% macro seconds_between(earlier, later) -%}
    {# Number of whole clock seconds that begin between two moments. #}
    {{- return(adapter.dispatch("seconds_between", "longtail")(earlier, later)) -}}
{%- endmacro %}

{% macro default__seconds_between(earlier, later) -%}
    {{ dbt.datediff(earlier, later, "second") }}
{%- endmacro %}

{% macro duckdb__seconds_between(earlier, later) -%}
    date_diff('second', {{ earlier }}, {{ later }})
{%- endmacro %}

{% macro spark__seconds_between(earlier, later) -%}
    timestampdiff(
        second, date_trunc('second', {{ earlier }}), date_trunc('second', {{ later }})
    )
{%- endmacro %}
