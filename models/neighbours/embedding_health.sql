with embeddings as (
    {% for model in ("deepwalk", "node2vec") %}
        select
            '{{ model }}' as model,
            sqrt({{ dot_product("vector", "vector") }}) as norm
        from {{ ref("embeddings_" ~ model) }}
        where vector_source = 'walks'
        {{ "union all" if not loop.last }}
    {% endfor %}
),

norms as (
    select
        model,
        avg(norm) as norm_mean,
        coalesce(stddev_samp(norm), 0) as norm_deviation
    from embeddings
    group by model
)

select
    norms.model,
    norms.norm_mean,
    norms.norm_deviation,
    purity.purity_level_1,
    purity.purity_category,
    hubness.hubness,
    hubness.largest_hub,
    shared.agreement,
    shared.overlap_with_last_build
from norms
left join {{ ref("int_neighbour_purity") }} as purity on norms.model = purity.model
left join {{ ref("int_neighbour_hubness") }} as hubness on norms.model = hubness.model
left join {{ ref("int_neighbour_overlaps") }} as shared on norms.model = shared.model
