{% macro half_life(age, half_life) -%}
    {# Weight at `age`: 1 when new, one half at each half-life; 0 = no ageing. #}
    {% if half_life is number and half_life <= 0 -%} 1.0
    {%- else -%} power(0.5, greatest({{ age }}, 0) / {{ half_life }})
    {%- endif %}
{%- endmacro %}
