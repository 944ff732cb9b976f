{% macro is_null_text(column) -%}
    {# Condition on a text without blanks around it: it is one of `null_texts`, in upper or lower
       case. Few texts are as short as those, and only they are looked at. #}
    {%- set texts, lengths = [], [0] -%}
    {%- for text in (var("null_texts") if var("null_texts") is iterable else []) -%}
        {%- do texts.append(text | string | trim | lower) -%}
        {%- do lengths.append(texts[-1].encode() | length) -%}
    {%- endfor -%}
    (
        strlen({{ column }}) <= {{ lengths | max }}
        and array_contains({{ text_list(texts) }}::varchar[], lower({{ column }}))
    )
{%- endmacro %}
