{% macro wilson_end(share, trials, sign) -%}
    {# The lower (sign "-") or upper ("+") end of the 95 % score interval of a share (Wilson
       1927, J. Am. Stat. Assoc. 22:209). Unlike a bootstrap it has a width when all trials
       agree. It holds for the mean of any values between 0 and 1, whose variance is at most
       that of a share with the same mean. #}
    (
        {{ share }} + 1.9207e0 / nullif({{ trials }}, 0)
        {{ sign }} 1.95996e0 * sqrt(
            {{ share }} * (1 - {{ share }}) / nullif({{ trials }}, 0)
            + 0.96036e0 / nullif({{ trials }}, 0) / {{ trials }}
        )
    ) / (1 + 3.84146e0 / nullif({{ trials }}, 0))
{%- endmacro %}
