"""Up to three rows per explained candidate: the features that moved its score most."""


def model(dbt, session):
    from longtail.build.machine import threads
    from longtail.tables.contributions import contribution_table

    ranker, predicting_threads = dbt.ref("int_ranker").to_arrow_table(), threads(session)
    candidates = dbt.ref("int_explained_candidates").order("user_key, product_key")
    return contribution_table(candidates.to_arrow_reader(), ranker, threads=predicting_threads)
