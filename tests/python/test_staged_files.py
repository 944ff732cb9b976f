"""Builds of staging only: clean-up of unpacked files, and when files are read again."""

import glob
import zipfile

import duckdb
import pytest
from dbt_shop import HEADER, Shop

from longtail.build.file_rows import text_literal


@pytest.mark.build
def test_a_build_names_the_file_itself_and_leaves_nothing_unpacked_behind(tmp_path):
    shop = Shop(tmp_path)
    path = tmp_path / "it's.zip"
    with zipfile.ZipFile(path, "w") as archive:
        row = "2024-01-01,view,p,c,a.b,café,1,u,s"
        archive.writestr("a.csv", f"{','.join(HEADER)}\n{row}\ncut off\n".encode("cp1252"))
    given = {"events": str(path), "csv_options": {"encoding": "cp1252"}}
    outcome = shop.dbt("run", "--select", "staging", **given)
    assert outcome.is_good, outcome.text
    work = shop.warehouse / ".work"
    for table, column, value in (
        ("stg_events.parquet/*/*", "brand", "café"),
        ("rejected_events.parquet", "raw_values", "cut off"),
    ):
        file = glob.escape(str(work)) + f"/{table}"
        found = duckdb.sql(f"select source_file, {column} from read_parquet({text_literal(file)})")
        assert found.fetchall() == [(str(path), value)]
    assert not (work / "unpacked").exists()


@pytest.mark.build
def test_a_build_reads_all_files_again_when_a_table_of_the_query_has_changed(tmp_path):
    shop = Shop(tmp_path)
    (tmp_path / "log.csv").write_text("order_id,product_id\n1,p\n2,q\n")
    given = {
        "events": str(tmp_path / "log.csv"),
        "event_tables": {"orders": "orders.csv"},
        "events_sql": "select * from events left join orders using (order_id)",
    }

    def users(*orders: str) -> tuple[list[str], str]:
        (tmp_path / "orders.csv").write_text("\n".join(["order_id,user_id,event_time", *orders]))
        outcome = shop.dbt("run", "--select", "staging", **given)
        assert outcome.is_good, outcome.text
        file = glob.escape(str(shop.warehouse / ".work/stg_events.parquet")) + "/*/*"
        rows = duckdb.sql(f"select user_id from read_parquet({text_literal(file)}) order by all")
        return [user for (user,) in rows.fetchall()], outcome.text

    assert users("1,u,2024-01-01", "2,v,2024-01-02")[0] == ["u", "v"]
    found, said = users("1,u,2024-01-01", "2,w,2024-01-02")
    assert found == ["u", "w"]
    assert "The rules of staging have changed" in said
    assert "all event files are read again" not in users("1,u,2024-01-01", "2,w,2024-01-02")[1]
