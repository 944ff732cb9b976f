"""One row: the ranker trained on the last days before the cut, or why there is none.

LambdaRank by LightGBM (Burges 2010; Ke et al. 2017), or a conditional logit (McFadden 1974).
"""


def model(dbt, session):
    from longtail.build.machine import threads
    from longtail.tables.ranker import ranker_table

    examples = dbt.ref("int_ranker_examples").order("user_key, product_key")
    examples = examples.to_arrow_table()
    gains = dbt.ref("int_learning_gains").order("user_key, model_number").to_arrow_table()
    return ranker_table(
        examples,
        gains,
        dbt.ref("int_blend_lift").to_arrow_table(),
        kind=dbt.config.meta_get("ranker"),
        linear_names=dbt.config.meta_get("ranker_linear"),
        interactions_exponent=dbt.config.meta_get("interactions_exponent"),
        reach=dbt.config.meta_get("ranker_reach"),
        min_cases=dbt.config.meta_get("ranker_min_cases"),
        trees=dbt.config.meta_get("ranker_trees"),
        leaves=dbt.config.meta_get("ranker_leaves"),
        learning_rate=dbt.config.meta_get("ranker_learning_rate"),
        purchase_weight=dbt.config.meta_get("ranker_purchase_weight"),
        seed=dbt.config.meta_get("seed"),
        threads=threads(session),
    )
