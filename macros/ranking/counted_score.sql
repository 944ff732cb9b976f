{% macro counted_score(neighbours) -%}
    {# The blend of covisit and rp3beta that a row of int_ranker_neighbours has. #}
    {%- set blend = counted_blend() -%}
    ({{ blend["covisit"] }} * coalesce({{ neighbours }}.covisit, 0)
    + {{ blend["rp3beta"] }} * coalesce({{ neighbours }}.rp3beta, 0))
{%- endmacro %}
