{% macro category_prefix(category_code, level) -%}
    {# "a.b" of "a.b.c" at level 2; null when the code has fewer levels. #}
    case
        when cardinality(string_split({{ category_code }}, '.')) >= {{ level }}
            then array_to_string(string_split({{ category_code }}, '.')[1:{{ level }}], '.')
    end
{%- endmacro %}
