{# int_user_histories, further back: the ranker learns itself what of it counts. #}
with {{ user_histories([var("ranker_history") | int, var("history_length") | int] | max) }}

select * from histories
