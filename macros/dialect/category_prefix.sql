{% macro category_prefix(category_code, level) -%}
    {# "a.b" of "a.b.c" at level 2; null when the code has fewer levels. #}
    case
        when {{ category_depth(category_code) }} >= {{ level }}
            then
                {% for place in range(1, level + 1) -%}
                    split_part({{ category_code }}, '.', {{ place }})
                    {{- " || '.' || " if not loop.last }}
                {%- endfor %}
    end
{%- endmacro %}
