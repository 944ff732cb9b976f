{% macro require_clean_events() %}
    {# Hook after cleaning: thresholds can be so low that every user counts as a robot. #}
    {% if execute and run_query(
        "select 1 from " ~ this ~ " where last_event_at is not null"
    ) | length == 0 %}
        {% do longtail_package("refuse", {"reason":
            "every event was removed as a robot's: raise the vars robot_clicks and robot_purchases"
        }) %}
    {% endif %}
{% endmacro %}
