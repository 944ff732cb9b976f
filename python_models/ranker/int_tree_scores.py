"""One row per scope, user and candidate: its score by the trees. Empty when none are used."""


def model(dbt, session):
    from longtail.build.machine import threads
    from longtail.tables.ranker import score_table

    # Read before the candidates are streamed: a connection streams one result at a time.
    ranker, scoring_threads = dbt.ref("int_ranker").to_arrow_table(), threads(session)
    candidates = dbt.ref("int_ranker_features").filter("scope != 'learned'")
    return score_table(
        candidates.to_arrow_reader(),
        ranker,
        threads=scoring_threads,
    )
