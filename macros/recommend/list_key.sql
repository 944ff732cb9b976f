{% macro list_key(user_key, model_number) -%}
    {# One integer for a user and a model, of which there are fewer than a thousand: grouping most
       of a build's rows by it takes half the time of a user's number and a model's name. #}
    cast({{ user_key }} as bigint) * 1000 + {{ model_number }}
{%- endmacro %}
