{% macro comparable_score(kind) -%}
    {#
        The score of a neighbour model on a scale on which rows can be compared, by its kind:

        share      scores of a row already sum to 1 (or to what `row_exponent` makes of it)
        cosine     nearly equal within a row: relative to the row's best raised to a power,
                   which separates the nearest from the rest; then a share
        log odds   only differences within a row matter: exponentiated; then a share
    #}
    {%- if kind == "share" -%}
        score
    {%- elif kind == "cosine" -%}
        power(
            greatest(score, 0) / nullif(max(score) over (partition by product_id), 0),
            {{ var("cosine_power") }}
        )
    {%- elif kind == "log odds" -%}
        exp(score - max(score) over (partition by product_id))
    {%- else -%}
        {{ exceptions.raise_compiler_error("unknown kind of neighbour score: " ~ kind) }}
    {%- endif -%}
{%- endmacro %}
