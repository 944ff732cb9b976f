{# int_user_histories, further back: the ranker learns which part matters. #}
{% set length = [var("ranker_history") | int, var("history_length") | int] | max %}
with {{ user_histories(length, users=ref("int_ranker_users")) }}

select * from histories
