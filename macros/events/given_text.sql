{% macro given_text(column) -%}
    {# A text, trimmed; null when it is empty or one of `null_texts`, in upper or lower case. Only
       texts as short as those are compared; array_contains would become a join. #}
    {%- set texts, lengths = [""], [0] -%}
    {%- for text in (var("null_texts") if var("null_texts") is iterable else []) -%}
        {%- do texts.append(text | string | trim | lower) -%}
        {%- do lengths.append(texts[-1].encode() | length) -%}
    {%- endfor -%}
    case
        when strlen({{ column }}) <= {{ lengths | max }}
            then case
                when list_position({{ text_list(texts) }}, lower({{ column }})) is null
                    then {{ column }}
            end
        else {{ column }}
    end
{%- endmacro %}
