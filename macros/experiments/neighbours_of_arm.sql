{% macro neighbours_of_arm(arm) -%}
    {#
        The query of the neighbours (model, product_key, neighbour_key, score) that make the lists
        of an arm with vars, or complete its ranker's.
    #}
    {%- if arm_is_ranked(arm) -%}
        select * from {{ ref("int_neighbours") }}
        where model = {{ serving_model() }}
    {%- else -%}
        select
            'arm' as model,
            product_key,
            neighbour_key,
            score
        from {{ ref("int_arm_neighbours") }}
        where arm = '{{ arm["name"] }}'
    {%- endif -%}
{%- endmacro %}
