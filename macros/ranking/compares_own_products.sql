{% macro compares_own_products() -%}
    {# Whether there is a ranker and a user's own products may be recommended again: their order by
       frequency is then a strong baseline (Li et al. 2023, A Next Basket Recommendation Reality
       Check). #}
    {{- return(ranker() != "off" and var("exclude") in ("none", "auto")) -}}
{%- endmacro %}
