{% macro case_key(user_key, scope) -%}
    {# One integer for a user and a scope, since features are joined on it many times. #}
    cast({{ user_key }} as bigint) * 4
    + case {{ scope }} when 'learned' then 0 when 'evaluated' then 1 else 2 end
{%- endmacro %}
