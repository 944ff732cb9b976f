{# int_user_histories, further back: the ranker learns itself what of it counts. #}
{% set length = [var("ranker_history") | int, var("history_length") | int] | max %}
with {{ user_histories(length) }}

select * from histories
