{% macro category_of_path(column) -%}
    {# A category as a code, "a.b.c", from a path, "a > b > c" or "a/b/c"; a text with dots and
       without ">" is a code already. Dots within the names of a path become blanks. #}
    case
        when contains({{ column }}, '>') then {{ joined_by_dots(column, ">") }}
        when contains({{ column }}, '/') and not contains({{ column }}, '.')
            then {{ joined_by_dots(column, "/") }}
        else {{ column }}
    end
{%- endmacro %}
