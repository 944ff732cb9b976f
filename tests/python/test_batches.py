"""Models that are computed in batches have the rows that one query gives."""

import shutil

import duckdb
from dbt_shop import Shop


def test_pairs_of_groups_are_summed_in_batches_to_the_same_rows(ranked_shop, tmp_path):
    shop = Shop(tmp_path)
    shutil.copytree(ranked_shop.warehouse, shop.warehouse, symlinks=True)
    shop.vars = {**ranked_shop.vars}
    models = ("neighbours_rp3beta", "int_learning_rp3beta")

    def rows(model: str) -> list[tuple]:
        file = str(shop.warehouse / ".work" / f"{model}.parquet")
        return duckdb.read_parquet(file).order("all").fetchall()

    before = [rows(model) for model in models]
    built = shop.dbt("run", "--full-refresh", "--select", *models, terms_per_batch=1_000)
    assert built.is_good, built.text
    assert all(f"{model}: batch 2 of" in built.text for model in models)
    assert [rows(model) for model in models] == before
    assert min(map(len, before)) > 1_000
