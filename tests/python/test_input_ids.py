"""Ids and null texts of event files: one id is one text in every format and type."""

import decimal
from collections import Counter

import pyarrow as pa
import pytest
from written_files import LINE, csv, parquet, rows

NO_USER = "null text as user_id (null_texts)"
IDS = ("product_id", "category_id", "user_id", "user_session")
SEVENS = {
    "int8": pa.array([7], pa.int8()),
    "float16": pa.array([7], pa.float16()),
    "float32": pa.array([7.0], pa.float32()),
    "float64": pa.array([7.0]),
    "a dictionary of float64": pa.array([7.0]).dictionary_encode(),
    "decimal(20, 0)": pa.array([decimal.Decimal(7)], pa.decimal128(20, 0)),
    "decimal(20, 2)": pa.array([decimal.Decimal(7)], pa.decimal128(20, 2)),
    "decimal(60, 2)": pa.array([decimal.Decimal(7)], pa.decimal256(60, 2)),
    "text": pa.array(["7"]),
}


@pytest.mark.parametrize("kind", SEVENS)
def test_one_id_is_one_text_whatever_type_holds_it(kind, put, staging):
    other_names = {f"{name}_at_home": SEVENS[kind] for name in IDS}
    for columns, content in (
        ({}, parquet(1, **dict.fromkeys(IDS, SEVENS[kind]))),
        ({name: f"{name}_AT_home" for name in IDS}, parquet(1, **other_names)),
    ):
        (row,) = staging(put(content), columns=columns).kept
        assert [row[name] for name in IDS] == ["7"] * 4


def test_the_largest_ids_that_a_type_holds_exactly_are_kept(put, staging):
    largest = {
        "product_id": pa.array([2**53 - 1], pa.float64()),
        "user_id": pa.array([1 - 2**24], pa.float32()),
        "user_session": pa.array([decimal.Decimal("9" * 36)], pa.decimal128(38, 2)),
    }
    (row,) = staging(put(parquet(1, **largest))).kept
    assert [row[name] for name in largest] == ["9007199254740991", "-16777215", "9" * 36]


def test_an_expression_over_ids_of_doubles_stays_the_users(put, staging):
    content = parquet(2, user_id=pa.array([7.25, 8.75]))
    staged = staging(put(content), columns={"user_id": "'u' || floor(user_id)::int"})
    assert sorted(row["user_id"] for row in staged.kept) == ["u7", "u8"]


def test_an_id_in_a_csv_file_is_the_text_that_it_is(put, staging):
    staged = staging(put(rows(1, user_id="7.0", product_id="007", user_session="1e3")))
    (row,) = staged.kept
    assert (row["user_id"], row["product_id"], row["user_session"]) == ("7.0", "007", "1e3")


def test_null_texts_are_null_and_a_rejected_row_shows_its_own(put, staging):
    names = ("category_id", "category_code", "brand", "price", "user_session")
    staged = staging(put(rows(1, **dict.fromkeys(names, " Null "))))
    assert [staged.kept[0][name] for name in names] == [None] * 5
    staged = staging(put(rows(1, user_id=" Undefined ")))
    assert [row["raw_user_id"] for row in staged.rejected] == ["Undefined"]


@pytest.mark.parametrize("salt", ["", "a-salt-of-the-tests/1"])
def test_no_user_is_no_user_hashed_or_not(salt, put, staging):
    users = ["7", "", " NULL ", "none"]
    content = csv(*(LINE.replace("u1", user) for user in users))
    staged = staging(put(content), user_salt=salt, null_texts=["null", "None"])
    assert len(staged.kept) == 1
    assert Counter(staged.reasons) == {NO_USER: 2, "missing user_id": 1}
