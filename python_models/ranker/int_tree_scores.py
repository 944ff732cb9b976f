"""One row per scope, user and candidate: its score by the trees. Empty when none are used."""


def model(dbt, session):
    from longtail.tables import score_table

    ranker = dbt.ref("int_ranker").to_arrow_table()  # read before the candidates are streamed
    candidates = dbt.ref("int_ranker_features").filter("scope != 'learned'")
    return score_table(
        candidates.to_arrow_reader(),
        ranker,
        threads=dbt.config.meta_get("threads"),
    )
