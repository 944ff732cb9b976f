{% macro ranker_features() -%}
    {# What the ranker knows of a case and a candidate: columns of int_ranker_features. Null
       where there is nothing to know. #}
    {{- return([
        "covisit_sum", "covisit_best", "covisit_last", "covisit_last_rank",
        "rp3beta_sum", "rp3beta_best", "rp3beta_last", "terms",
        "next_times", "next_share", "next_age_days", "previous_times",
        "repeat_place", "repeat_interest", "repeat_weight", "repeat_age_days",
        "repeat_sessions", "repeat_interval_days",
        "interactions", "purchases", "interactions_1", "interactions_3", "interactions_7",
        "first_seen_days", "last_seen_days",
        "is_category_of_last", "is_brand_of_last", "category_share", "brand_share",
        "history_length", "history_interest", "last_interactions",
    ]) -}}
{%- endmacro %}
