{% macro ratio_variance(users, x, y, xx, xy, yy) -%}
    {#
        SQL: the variance of sum(y) / sum(x) over users, by the delta method (Deng, Knoblich and Lu
        2018, "Applying the Delta Method in Metric Analytics", KDD), from sums over users: the
        experiment draws users, so all impressions and clicks of one user stay together. Null below
        two users.
    #}
    (
        {{ users }} / nullif({{ users }} - 1e0, 0)
        * greatest(
            {{ yy }} - 2e0 * {{ y }} / {{ x }} * {{ xy }}
            + power({{ y }} * 1e0 / {{ x }}, 2) * {{ xx }},
            0
        )
        / power({{ x }} * 1e0, 2)
    )
{%- endmacro %}
