{% macro ranker_features() -%}
    {# The ranker's features of a case and a candidate, grouped by source. Null where a feature
       is undefined. #}
    {{- return({
        "evidence": [
            "covisit_sum", "covisit_best", "covisit_last", "covisit_last_rank",
            "rp3beta_sum", "rp3beta_best", "rp3beta_last", "terms",
        ],
        "sequence": ["next_times", "next_share", "next_age_days", "previous_times"],
        "repeats": [
            "repeat_place", "repeat_interest", "repeat_weight", "repeat_age_days",
            "repeat_sessions", "repeat_interval_days", "repurchase_share", "repurchase_days",
        ],
        "activity": [
            "interactions", "purchases", "interactions_1", "interactions_3", "interactions_7",
            "popularity", "shop_rank", "category_rank", "recent_rank",
            "first_seen_days", "last_seen_days",
        ],
        "likeness": [
            "is_category_of_last", "is_brand_of_last", "category_share", "brand_share",
        ],
        "factors": ["factor"],
        "cases": ["history_length", "history_interest", "last_interactions"],
    }) -}}
{%- endmacro %}
