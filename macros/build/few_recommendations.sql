{% macro few_recommendations(recommendations) -%}
    {# Why a gate cannot judge the published lists, or null. #}
    case
        when {{ recommendations }} < greatest({{ var("gate_recommendations") }}, 1)
            then {{ as_figure(recommendations) }} || ' recommendations in all, '
                || 'gate_recommendations asks for {{ var("gate_recommendations") }}'
    end
{%- endmacro %}
