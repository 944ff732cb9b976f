{# Each product's ten nearest by each embedding, in this build and in the last published
   one: the same query for both models and both builds. #}
{% set nearest = 10 %}
{% for model in ("deepwalk", "node2vec") %}
    select
        '{{ model }}' as model,
        'this' as build,
        product_id,
        neighbour_product_id
    from {{ ref("neighbours_" ~ model) }}
    where rank <= {{ nearest }}
    {% set earlier = earlier_rows("neighbours_" ~ model) %}
    {% if earlier %}
        union all
        select
            '{{ model }}' as model,
            'last' as build,
            product_id,
            neighbour_product_id
        from ({{ earlier }})
        where rank <= {{ nearest }}
    {% endif %}
    {{ "union all" if not loop.last }}
{% endfor %}
