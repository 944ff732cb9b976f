{% macro user_arm(user_id) -%}
    {#
        SQL: the first experiment whose share the user's draw falls into, else control; null where
        there is no experiment. A draw depends on the experiment's name and the user alone, so that
        an experiment added at the end of the list moves no user of the earlier ones.
    #}
    {%- if experiments() -%}
        case
            {%- for experiment in experiments() %}
            when {{ uniform_draw(text_literal(experiment["name"] ~ ":") ~ " || " ~ user_id) }}
                < {{ experiment["share"] }}
                then {{ text_literal(experiment["name"]) }}
            {%- endfor %}
            else 'control'
        end
    {%- else -%} cast(null as string) {%- endif -%}
{%- endmacro %}
