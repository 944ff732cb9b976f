"""Any graph from a file, tested on one with known communities: Zachary's karate club.

W. Zachary 1977, An Information Flow Model for Conflict and Fission in Small Groups: 34 members, 78
ties; the club split in two, around member 1 and around member 34.
"""

from itertools import pairwise

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from longtail.graph_file import learn, main

TIES = """
2-1 3-1 3-2 4-1 4-2 4-3 5-1 6-1 7-1 7-5 7-6 8-1 8-2 8-3 8-4 9-1 9-3 10-3 11-1 11-5 11-6 12-1 13-1
13-4 14-1 14-2 14-3 14-4 17-6 17-7 18-1 18-2 20-1 20-2 22-1 22-2 26-24 26-25 28-3 28-24 28-25 29-3
30-24 30-27 31-2 31-9 32-1 32-25 32-26 32-29 33-3 33-9 33-15 33-16 33-19 33-21 33-23 33-24 33-30
33-31 33-32 34-9 34-10 34-14 34-15 34-16 34-19 34-20 34-21 34-23 34-24 34-27 34-28 34-29 34-30
34-31 34-32 34-33
""".split()
AROUND_MEMBER_1 = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 17, 18, 20, 22}


@pytest.fixture
def club(tmp_path):
    """The edge list, its nodes called by name."""
    path = tmp_path / "club.edg"
    ties = [tie.split("-") for tie in TIES]
    path.write_text("".join(f"member {one}\tmember {other}\t1\n" for one, other in ties))
    return path


@pytest.mark.slow
def test_nearest_members_are_of_the_same_side_of_the_split(club, tmp_path):
    learn(club, tmp_path / "out", walks_per_node=100, walk_length=10, dimensions=16, neighbours=3)
    table = pq.read_table(tmp_path / "out" / "neighbours.parquet")
    assert set(table["node"].to_pylist()) == {f"member {number}" for number in range(1, 35)}

    def side(name: str) -> bool:
        return int(name.removeprefix("member ")) in AROUND_MEMBER_1

    pairs = zip(table["node"].to_pylist(), table["neighbour_node"].to_pylist(), strict=True)
    same = [side(one) == side(other) for one, other in pairs]
    assert sum(same) / len(same) > 0.85  # of two sides of 17, chance is .48


@pytest.mark.slow
def test_every_table_is_written_and_walks_step_along_ties(club, tmp_path, capsys):
    assert main([str(club), "--output", str(tmp_path / "out"), "--walks-per-node", "2"]) == 0
    assert "walks.parquet  68 rows" in capsys.readouterr().out
    folder = tmp_path / "out"
    names = ["embeddings.parquet", "map.parquet", "neighbours.parquet", "walks.parquet"]
    assert sorted(file.name for file in folder.iterdir() if "report" not in file.name) == names
    embeddings = pq.read_table(folder / "embeddings.parquet")
    number = dict(
        zip(embeddings["node_id"].to_pylist(), embeddings["node"].to_pylist(), strict=True)
    )
    ties = {frozenset(f"member {end}" for end in tie.split("-")) for tie in TIES}
    walks = pq.read_table(folder / "walks.parquet")["node_ids"].to_pylist()
    steps = {
        frozenset((number[one], number[other])) for walk in walks for one, other in pairwise(walk)
    }
    assert steps <= ties
    assert pc.all(pc.is_finite(pq.read_table(folder / "map.parquet")["x"])).as_py()


def test_a_file_that_is_no_edge_list_is_an_error_of_one_line(tmp_path, capsys):
    (tmp_path / "bad.edg").write_text("a\tb\t1\t2\n")
    assert main([str(tmp_path / "bad.edg"), "--output", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.startswith("error: path: ")
    assert main([str(tmp_path / "none.edg"), "--output", str(tmp_path / "out")]) == 2
