"""Tables of the Python models, built from kernels' results without dbt."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from longtail.tables.embeddings import embedding_table
from longtail.tables.search import neighbour_table, successor_table
from longtail.tables.walks import walk_table

TRAINING = {
    "dimensions": 4,
    "window": 2,
    "negative": 2,
    "ns_exponent": 0.5,
    "learning_rate": 0.1,
    "epochs": 1,
    "seed": 1,
    "label": "test",
}


@pytest.fixture
def products():
    """Three products of the graph, in another order than their nodes, and one without a node."""
    return pa.table(
        {
            "product_id": ["a", "b", "c", "d"],
            "node_id": pa.array([2, 0, 1, None], pa.int32()),
            "level_1": ["x", "x", "y", "y"],
            "brand": pa.array([None] * 4, pa.string()),
        }
    )


def walks(node_ids):
    """Reader of walks, as dbt hands them over."""
    batch = pa.record_batch({"node_ids": pa.array(node_ids, pa.list_(pa.int32()))})
    return pa.RecordBatchReader.from_batches(batch.schema, [batch])


OVER_USERS = [[2, 3, 0, 4], [0, 4, 1, 4], [1, 4, 0, 3], [3, 2, 3, 0]] * 50


def test_users_take_part_in_the_training_and_have_no_row(products, tmp_path):
    table = embedding_table(
        walks(OVER_USERS), products, node_count=5, work_folder=tmp_path, **TRAINING
    )
    assert table["product_id"].to_pylist() == ["a", "b", "c", "d"]
    assert table["frequency"].to_pylist() == [100, 200, 100, 0]
    assert table["vector_source"].to_pylist() == ["walks", "walks", "walks", "category"]
    vectors = np.array(table["vector"].to_pylist())
    assert np.linalg.norm(vectors, axis=1).min() > 0


OF_PRODUCTS = [[0, 1, 2], [1, 0, 1], [2, 1, 0]] * 50
# A step so small that the vectors hardly move.
STILL = {"warm_walks_per_node": 2, "warm_learning_rate": 1e-9}


@pytest.fixture
def previous(products, tmp_path):
    """File of the embeddings of an earlier build over the same products."""
    table = embedding_table(
        walks(OF_PRODUCTS), products, node_count=3, work_folder=tmp_path, **TRAINING
    )
    pq.write_table(table, tmp_path / "previous.parquet")
    return tmp_path / "previous.parquet"


def test_a_warm_start_begins_with_the_vectors_of_before_and_takes_the_first_walks(
    products, previous, tmp_path
):
    again = embedding_table(
        walks(OF_PRODUCTS),
        products,
        node_count=3,
        work_folder=tmp_path,
        previous=previous,
        **STILL,
        **TRAINING,
    )
    assert again["frequency"].to_pylist() == [4, 6, 8, 0]  # of nodes 2, 0, 1 in six walks
    for column in ("vector", "context_vector"):
        before, after = (
            np.array(table[column].to_pylist()[:3]) for table in (pq.read_table(previous), again)
        )
        np.testing.assert_allclose(after, before, atol=0.01)


def test_too_few_earlier_vectors_are_a_cold_start(products, previous, tmp_path):
    # Users are nodes without earlier vectors: three of five are known.
    tables = [
        embedding_table(
            walks(OVER_USERS),
            products,
            node_count=5,
            work_folder=tmp_path,
            previous=file,
            **STILL,
            **TRAINING,
        )
        for file in (None, previous)
    ]
    assert tables[0].equals(tables[1])


def test_a_var_that_dbt_did_not_pass_is_named():
    edges = pa.table({"source_node_id": [0], "target_node_id": [1], "weight": [1.0]})
    with pytest.raises(ValueError, match="dbt passed no value for walk_length, seed"):
        walk_table(edges, node_count=2, walks_per_node=1, walk_length=None, seed=None, threads=1)


@pytest.mark.parametrize("table", [neighbour_table, successor_table])
def test_a_product_of_which_nothing_is_known_has_no_neighbours(table, tmp_path):
    products = pa.table(
        {
            "product_id": ["a", "b", "c", "of its category", "of its brand", "unknown"],
            "node_id": pa.array([2, 0, 1, None, None, None], pa.int32()),
            "level_1": ["x", "x", "y", "y", None, "z"],
            "brand": [None, "m", None, None, "m", None],
        }
    )
    embeddings = embedding_table(
        walks(OF_PRODUCTS), products, node_count=3, work_folder=tmp_path, **TRAINING
    )
    assert embeddings["vector_source"].to_pylist()[3:] == ["category", "brand", "shop"]
    found = table(embeddings, k=2, label="test")
    assert set(found["product_id"].to_pylist()) == {
        "a",
        "b",
        "c",
        "of its category",
        "of its brand",
    }
    assert set(found["neighbour_product_id"].to_pylist()) == {"a", "b", "c"}
    report = json.loads(found.schema.metadata[b"search"])
    assert (report["query_count"], report["database_size"]) == (5, 3)
