{% macro heaviest_event_type(event_type, weight, event_at) -%}
    {#
        Aggregate: the event type of the largest weight, to 6 decimals; on equal weights of the
        latest event, then the last name.
    #}
    {{- return(
        adapter.dispatch("heaviest_event_type", "longtail")(event_type, weight, event_at)
    ) -}}
{%- endmacro %}

{% macro default__heaviest_event_type(event_type, weight, event_at) -%}
    max_by({{ event_type }}, (round(1e6 * {{ weight }}), {{ event_at }}, {{ event_type }}))
{%- endmacro %}

{% macro duckdb__heaviest_event_type(event_type, weight, event_at) -%}
    {# One integer, its last eight bits the number of the type: `max_by` of a struct takes three
       times as long. #}
    {%- set weights = var("event_weights") if var("event_weights") is mapping else {} -%}
    {%- set event_types = weights | list | sort -%}
    {{ text_list(event_types) }}[1 + cast(
        max(
            cast(round(1e6 * {{ weight }}) as hugeint) * 1152921504606846976
            + epoch_us({{ event_at }}) * 256
            + list_position({{ text_list(event_types) }}, {{ event_type }}) - 1
        ) & 255
        as integer
    )]
{%- endmacro %}
