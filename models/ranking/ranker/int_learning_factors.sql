{# int_product_factors as of the ranker's cut. #}
with {{ product_factors(
    ref("int_learning_timeline"), "interactions.event_at < timeline.graph_cutoff_at"
) }}

select * from product_factors
