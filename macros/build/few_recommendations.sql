{% macro few_recommendations(recommendations) -%}
    {# What a gate lacks that judges published lists, or null. #}
    case
        when {{ recommendations }} < {{ var("gate_recommendations") }}
            then {{ as_figure(recommendations) }} || ' recommendations in all, '
                || 'gate_recommendations asks for {{ var("gate_recommendations") }}'
    end
{%- endmacro %}
