-- The model whose neighbours make the published lists, or fill those that the ranker leaves short.
create or replace macro internal.serving_model() as
    (select serving.model from internal.int_serving as serving);

comment on macro internal.serving_model is
    'Model whose neighbours make the published lists, or fill those that the ranker leaves short.';
