{% macro blend_weights(blends, name) -%}
    {#
        The query of what each blend gives to each neighbour model (the column `name`, model,
        weight); `blends` maps names to values like that of the var `blend`.
    #}
    {% for blend, given in blends.items() %}
        select
            '{{ blend }}' as {{ name }},
            parts.model,
            parts.weight
        from (
            values
            {% for model in neighbour_models() %}
                {% set weight = given[model] | default(0, true) %}
                ('{{ model }}', cast({{ weight }} as double)){{ "," if not loop.last }}
            {% endfor %}
        ) as parts (model, weight)
        {{ "union all" if not loop.last }}
    {% endfor %}
{%- endmacro %}
