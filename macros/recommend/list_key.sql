{% macro list_key(key, model_number) -%}
    {# One integer for a user, or a product of a history, and a model, of which there are fewer than
       a thousand: grouping most of a build's rows by it takes half the time of a number and the
       model's name. #}
    cast({{ key }} as bigint) * 1000 + {{ model_number }}
{%- endmacro %}
