{% macro judged_lengths() %}
    {# The k at which lists are judged; a list made only to be judged has the largest. #}
    {{ return([5, 10, 20]) }}
{% endmacro %}
