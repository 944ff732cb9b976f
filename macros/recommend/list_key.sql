{% macro list_key(user_key, model_number) -%}
    {# One integer for a user and a model, below a thousand of them: most of a build's rows are
       grouped by it, in half the time that a user's number and a model's name take. #}
    cast({{ user_key }} as bigint) * 1000 + {{ model_number }}
{%- endmacro %}
