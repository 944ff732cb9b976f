{% macro wilson_end(share, trials, sign) -%}
    {# The lower (sign "-") or upper ("+") end of the 95 % score interval of a share (Wilson
       1927, J. Am. Stat. Assoc. 22:209). Unlike a bootstrap it has a width when all trials
       agree. It holds for the mean of any values between 0 and 1, whose variance is at most
       that of a share with the same mean. #}
    {%- set z = 1.959964 -%}
    {%- set per_trial = "1e0 / nullif(" ~ trials ~ ", 0)" -%}
    (
        {{ share }} + {{ z * z / 2 }} * {{ per_trial }}
        {{ sign }} {{ z }} * sqrt(
            {{ share }} * (1 - {{ share }}) * {{ per_trial }}
            + {{ z * z / 4 }} * power({{ per_trial }}, 2)
        )
    ) / (1 + {{ z * z }} * {{ per_trial }})
{%- endmacro %}
