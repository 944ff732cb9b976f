{# Diversity within a list:
   1. by_category: the share of its pairs in two categories;
   2. by_embedding: 1 - cosine of vectors; there are many pairs, so only for the dial's
      sample of users, at k = 10. #}
with category_runs as (
    select
        model,
        k,
        user_key,
        count(*) as places
    from {{ ref("int_list_slots") }}
    group by model, k, user_key, category_code
),

same_category as (
    {# The pairs of a list that share a category. #}
    select
        model,
        k,
        user_key,
        sum(places * (places - 1)) / (sum(places) * (sum(places) - 1)) as share
    from category_runs
    group by model, k, user_key
    having sum(places) > 1
),

by_category as (
    select
        model,
        k,
        'category_diversity' as metric,
        avg(1 - share) as value
    from same_category
    group by model, k
),

sampled_vectors as (
    select
        slots.model,
        slots.k,
        slots.user_key,
        slots.rank,
        embeddings.vector
    from {{ ref("int_list_slots") }} as slots
    semi join {{ ref("int_dial_users") }} as users on slots.user_key = users.user_key
    inner join {{ ref("embeddings_deepwalk") }} as embeddings
        on slots.product_id = embeddings.product_id
    where slots.k = 10
),

by_embedding as (
    select
        earlier.model,
        earlier.k,
        'embedding_diversity' as metric,
        avg(1 - {{ cosine("earlier.vector", "later.vector") }}) as value
    from sampled_vectors as earlier
    inner join sampled_vectors as later
        on
            earlier.model = later.model
            and earlier.user_key = later.user_key
            and earlier.rank < later.rank
    group by earlier.model, earlier.k
)

select * from by_category
union all
select * from by_embedding
