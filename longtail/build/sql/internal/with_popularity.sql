-- A score with the popularity dial applied: score * interactions ^ popularity.
create or replace macro internal.with_popularity(score, interactions, popularity) as
    score * power(greatest(interactions, 1), popularity);

comment on macro internal.with_popularity is
    'score * interactions ^ popularity: 0 leaves it, below 0 favours the long tail, above 0 bestsellers.';
