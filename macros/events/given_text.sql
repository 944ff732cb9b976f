{% macro given_text(column) -%}
    {# A text without blanks around it; null when nothing is left, or one of `null_texts`. #}
    case when not {{ is_null_text("trim(" ~ column ~ ")") }} then nullif(trim({{ column }}), '') end
{%- endmacro %}
