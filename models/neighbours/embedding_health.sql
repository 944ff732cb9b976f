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

nearest as (

    select * from {{ ref("int_nearest_products") }}
    where build = 'this'

),

last_nearest as (

    select * from {{ ref("int_nearest_products") }}
    where build = 'last'

),

norms as (

    select
        model,
        avg(norm) as norm_mean,
        coalesce(stddev_samp(norm), 0) as norm_deviation
    from embeddings
    group by model

),

purity as (

    {# Share of the ten nearest that are of the same category; products without one do
       not count. #}
    select
        nearest.model,
        avg(cast(products.level_1 = found.level_1 as integer)) as purity_level_1,
        avg(cast(products.category_code = found.category_code as integer))
            as purity_category
    from nearest
    inner join {{ ref("products") }} as products
        on nearest.product_id = products.product_id
    inner join {{ ref("products") }} as found
        on nearest.neighbour_product_id = found.product_id
    group by nearest.model

),

hubness as (

    {# Skewness of how often a product is among somebody's ten nearest (Radovanovic et
       al. 2010). #}
    select
        model,
        {{ sample_skewness("times_near") }} as hubness,
        max(times_near) as largest_hub
    from (
        select
            model,
            neighbour_product_id,
            count(*) as times_near
        from nearest
        group by all
    )
    group by model

),

agreement as (

    {# Overlap@10 of both models: of ten nearest by the one, how many are by the
       other. #}
    select count(*) / greatest((select count(*) / 2 from nearest), 1) as agreement
    from nearest as deepwalk
    inner join nearest as node2vec
        on
            deepwalk.product_id = node2vec.product_id
            and deepwalk.neighbour_product_id = node2vec.neighbour_product_id
    where deepwalk.model = 'deepwalk' and node2vec.model = 'node2vec'

),

stability as (

    select
        nearest.model,
        avg(cast(earlier.product_id is not null as integer))
            as overlap_with_last_build
    from nearest
    left join last_nearest as earlier
        on
            nearest.model = earlier.model
            and nearest.product_id = earlier.product_id
            and nearest.neighbour_product_id = earlier.neighbour_product_id
    where (select count(*) from last_nearest) > 0
    group by nearest.model

)

select
    norms.model,
    norms.norm_mean,
    norms.norm_deviation,
    purity.purity_level_1,
    purity.purity_category,
    hubness.hubness,
    hubness.largest_hub,
    agreement.agreement,
    stability.overlap_with_last_build
from norms
left join purity on norms.model = purity.model
left join hubness on norms.model = hubness.model
cross join agreement
left join stability on norms.model = stability.model
