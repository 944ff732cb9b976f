{% macro next_in_session(window) -%}
    {#
        The next `window` steps of the session as a list of structs (next_product_key,
        next_step_weight, distance_weight), over the query's window `in_order`. One sort serves
        all distances, where a self-join of the session would need one hash table each.
    #}
    [
    {%- for distance in range(1, (window | int) + 1) %}
        {
            'next_product_key': lead(product_key, {{ distance }}) over in_order,
            'next_step_weight': lead(step_weight, {{ distance }}) over in_order,
            'distance_weight': {{ (var("window_decay") | float) ** (distance - 1) }}::double
        }{{ "," if not loop.last }}
    {%- endfor %}
    ]
{%- endmacro %}
