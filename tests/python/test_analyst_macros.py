"""The SQL macros, on a shop small enough to work every answer out by hand."""

import duckdb
import pytest

from longtail.build.analyst_macros import MACROS, macro_statements

# Ann looked at the phone and put the case in her cart; Bob bought the phone; Cas did nothing.
SHOP = """
create schema internal;
create table products as
select * from (values
    ('phone', 1, 'Phone', 'electronics.phones', 'acme', 5e2, 100),
    ('case', 2, 'Case', 'electronics.phones.cases', 'acme', 20.0, 50),
    ('cable', 3, 'Cable', 'electronics', 'wire', 10.0, 10),
    ('sock', 4, 'Sock', 'electronicsy.socks', null, 5.0, 1),
    ('gift', 5, 'Gift', null, null, null, 2),
    ('lamp', 6, 'Lamp', 'home.lamps', 'lux', 40.0, 30)
) as columns (product_id, product_key, product_name, category_code, brand, price, interactions);
create table internal.int_user_keys as
select * from (values ('ann', 1), ('bob', 2), ('cas', 3)) as columns (user_id, user_key);
create table internal.int_user_histories as
select * from (values
    ('published', 1, 1, 'view', 1e0), ('published', 1, 2, 'cart', 3.0),
    ('evaluated', 1, 6, 'view', 9.0), ('published', 2, 1, 'purchase', 5.0)
) as columns (scope, user_key, product_key, event_type, interest);
create table internal.int_excluded_products as
select 'published' as scope, 2 as user_key, 1 as product_key;
create table internal.int_neighbours as
select * from (values
    ('hybrid', 1, 2, 1, 9e-1), ('hybrid', 1, 3, 2, 0.8), ('hybrid', 1, 5, 3, 0.1),
    ('hybrid', 2, 3, 1, 0.5), ('hybrid', 2, 4, 2, 0.4), ('hybrid', 6, 1, 1, 1.0),
    ('covisit', 1, 3, 7, 0.2), ('covisit', 1, 6, 1, 1.0)
) as columns (model, product_key, neighbour_key, rank, score);
create table internal.int_similar_groups as
select * from (values
    ('published', 1, 7, 2, 4e-1), ('published', 1, 8, 2, 0.2), ('evaluated', 1, 7, 2, 9.0)
) as columns (scope, user_key, group_key, because_product_key, weight);
create table internal.int_group_products as
select * from (values (7, 5), (8, 5), (8, 6)) as columns (group_key, product_key);
create table internal.int_product_factors as
select * from (values (5, 5e-1), (6, 1.0)) as columns (product_key, factor);
create table user_recommendations as
select * from (values
    ('ann', 1, 'cable', 23e-1, 'graph', 'case', 'cart', false),
    ('ann', 2, 'sock', 1.2, 'graph', 'case', 'cart', false),
    ('bob', 1, 'case', 4.5, 'seen before', 'phone', 'purchase', true)
) as columns (
    user_id, rank, product_id, score, source, because_product_id, because_event_type, is_seen
);
create table similar_products as
select * from (values
    ('phone', 'substitute', 1, 'lamp', 9e-1, 3, 'graph'),
    ('phone', 'substitute', 2, 'sock', 0.8, 0, 'graph'),
    ('phone', 'substitute', 3, 'cable', 40.0, 0, 'popular in shop'),
    ('phone', 'complement', 1, 'case', 0.7, 9, 'graph'),
    ('phone', 'complement', 2, 'gift', 0.6, 1, 'graph'),
    ('phone', 'complement', 3, 'sock', 50.0, 0, 'popular in related category'),
    ('case', 'complement', 1, 'cable', 0.5, 4, 'graph'),
    ('case', 'complement', 2, 'gift', 60.0, 4, 'popular in shop')
) as columns (product_id, relation, rank, similar_product_id, score, sessions_together, source);
create table popular_products as
select * from (values
    (null, 1, 'phone', 1e2), (null, 2, 'case', 50.0), (null, 3, 'lamp', 30.0),
    ('electronics.phones', 1, 'phone', 100.0), ('electronics.phones.cases', 1, 'case', 50.0),
    ('electronics', 1, 'cable', 10.0), ('home.lamps', 1, 'lamp', 30.0)
) as columns (category_code, rank, product_id, score);
create table internal.int_events_flagged as
select * from (values
    (1, 1, 'view', timestamp '2024-01-01 10:00', null),
    (1, 2, 'view', timestamp '2024-01-01 10:01', 'short stay'),
    (1, 2, 'cart', timestamp '2024-01-01 10:02', null),
    (2, 2, 'view', timestamp '2024-01-01 10:03', null)
) as columns (user_key, product_key, event_type, event_at, removed_as);
create table internal.int_robots as select 2 as user_key where false;
create table product_edges as
select * from (values ('cable', 'phone', 3e-1, 2), ('case', 'phone', 0.6, 5))
    as columns (source_product_id, target_product_id, weight, sessions_together);
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = tmp_path_factory.mktemp("shop") / "longtail.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(SHOP)
        for statement in macro_statements():
            connection.execute(statement)
    return path


@pytest.fixture
def ask(database, tmp_path, monkeypatch):
    """Ask as an analyst does: read-only, from another folder."""
    monkeypatch.chdir(tmp_path)
    with duckdb.connect(str(database), read_only=True) as connection:
        yield lambda sql: connection.execute(sql).fetchall()


def test_every_macro_is_described(ask):
    names = {file.stem for file in MACROS.glob("*.sql")}
    found = ask(
        "select distinct function_name, comment from duckdb_functions()"
        " where not internal and function_type in ('macro', 'table_macro')"
    )
    assert {name for name, _ in found} == names
    assert all(comment for _, comment in found)


def test_user_gets_the_published_rows_as_they_are(ask):
    columns = "rank, product_id, score, source, because_product_id, because_event_type, is_seen"
    published = ask(f"select {columns} from user_recommendations where user_id = 'ann' order by 1")
    assert ask(f"select {columns} from recommend_for_user('ann', 2)") == published
    assert ask("select product_name, category_code, price from recommend_for_user('ann', 1)") == [
        ("Cable", "electronics", 10.0)
    ]


def test_more_than_was_published_comes_live_and_then_popular(ask):
    rows = ask(
        "select rank, product_id, round(score, 6), source, is_seen from recommend_for_user('ann')"
    )
    assert rows == [
        (1, "cable", 2.3, "graph", False),
        (2, "sock", 1.2, "graph", False),
        (3, "case", 0.9, "seen before", True),  # 1.0 * 0.9, by the phone
        (4, "gift", 0.1, "graph", False),
        (5, "phone", 100.0, "popular in shop", True),
        (6, "lamp", 30.0, "popular in shop", False),
    ]


def test_a_seen_product_stays_in_its_place_when_the_popularity_dial_is_turned(ask):
    # case 4.5 * 50^p, by the graph; lamp and the rest are popular and come after it.
    rows = ask("select product_id, source from recommend_for_user('bob', 1, popularity := 0.1)")
    assert rows == [("case", "seen before")]


def test_a_live_row_names_a_cause_that_is_not_listed_above_it(database, tmp_path):
    # The cable and the case are listed first and third, the phone only after all live rows.
    changed = tmp_path / "changed.duckdb"
    changed.write_bytes(database.read_bytes())
    with duckdb.connect(str(changed)) as shop:
        shop.execute(
            "insert into internal.int_user_histories values ('published', 1, 3, 'view', 1.0)"
        )
        shop.execute(
            "insert into internal.int_neighbours values"
            " ('hybrid', 3, 5, 2, 0.4), ('hybrid', 3, 6, 1, 0.5), ('hybrid', 2, 6, 3, 0.1)"
        )
        rows = shop.execute(
            "select product_id, because_product_id, because_event_type"
            " from recommend_for_user('ann')"
        ).fetchall()
    assert rows == [
        ("cable", "case", "cart"),
        ("sock", "case", "cart"),
        ("case", "phone", "view"),
        ("lamp", "cable", "view"),  # .5 by the cable, .3 by the case: both are listed above
        ("gift", "phone", "view"),  # .4 by the cable, .1 by the phone
        ("phone", None, None),
    ]


def test_a_bought_product_does_not_come_back_as_popular(ask):
    products = [product for (product,) in ask("select product_id from recommend_for_user('bob')")]
    assert products == ["case", "cable", "gift", "lamp"]


@pytest.mark.parametrize("user", ["'nobody'", "'cas'", "null", "42"])
def test_unknown_user_gets_what_is_popular_and_is_told(ask, user):
    rows = ask(
        f"select rank, product_id, source, because_product_id from recommend_for_user({user}, 2)"
    )
    assert rows == [
        (1, "phone", "popular in shop", None),
        (2, "case", "popular in shop", None),
    ]


def test_category_is_itself_and_what_lies_below(ask):
    rows = ask(
        "select product_id, source from recommend_for_user('nobody', category := 'electronics')"
    )
    assert rows == [(product, "popular in category") for product in ("phone", "case", "cable")]
    rows = ask("select product_id from recommend_for_user('ann', category := 'electronics.phones')")
    assert rows == [("case",), ("phone",)]


def test_price_limit_leaves_out_products_without_a_price(ask):
    assert ask("select product_id from recommend_for_user('ann', 9, max_price := 20)") == [
        ("cable",),
        ("sock",),
        ("case",),
    ]


def test_popularity_dial_changes_the_order(ask):
    # cable 2.3 * 10^p, sock 1.2 * 1^p, case 0.9 * 50^p, gift 0.1 * 2^p
    first = "select product_id from recommend_for_user('ann', 3, popularity := {})"
    assert ask(first.format(1)) == [("case",), ("cable",), ("sock",)]
    assert ask(first.format(-1)) == [("sock",), ("cable",), ("gift",)]


def test_basket_sums_over_its_products_and_leaves_them_out(ask):
    rows = ask(
        "select rank, product_id, round(score, 6), because_product_id, products_in_basket"
        " from recommend_for_basket(['phone', 'case', 'phone', 'unknown'])"
    )
    assert rows == [
        (1, "cable", 1.3, "phone", 2),
        (2, "sock", 0.4, "case", 1),
        (3, "gift", 0.1, "phone", 1),
    ]


def test_basket_with_a_relation_and_the_other_knobs(ask):
    wanted = "select product_id from recommend_for_basket(['phone', 'case'], {})"
    assert ask(wanted.format("relation := 'complement'")) == [("gift",), ("cable",), ("sock",)]
    assert ask(wanted.format("relation := 'substitute'")) == [("lamp",), ("sock",)]
    assert ask(wanted.format("max_price := 5")) == [("sock",)]
    assert ask(wanted.format("category := 'electronics'")) == [("cable",)]
    assert ask(wanted.format("popularity := -1, k := 1")) == [("sock",)]


@pytest.mark.parametrize("basket", ["[]", "['unknown']", "[null]", "null"])
def test_basket_of_nothing_known_gives_nothing(ask, basket):
    assert ask(f"from recommend_for_basket({basket})") == []


def test_similar_counts_k_per_relation(ask):
    rows = ask(
        "select relation, rank, similar_product_id, sessions_together from similar_to('phone', 1)"
    )
    assert rows == [("substitute", 1, "lamp", 3), ("complement", 1, "case", 9)]


def test_similar_closes_ranks_after_a_filter(ask):
    wanted = "select rank, similar_product_id from similar_to('phone', {})"
    assert ask(wanted.format("relation := 'substitute', max_price := 10")) == [(1, "sock")]
    assert ask(wanted.format("category := 'electronics.phones'")) == [(1, "case")]
    # lamp .9 / 30, sock .8 / 1
    assert ask(wanted.format("relation := 'substitute', popularity := -1")) == [
        (1, "sock"),
        (2, "lamp"),
    ]


def test_similar_names_the_source_and_puts_evidence_before_what_is_popular(ask):
    wanted = "select similar_product_id, source from similar_to('phone', {})"
    complements = [("case", "graph"), ("gift", "graph"), ("sock", "popular in related category")]
    assert ask(wanted.format("relation := 'complement'")) == complements
    assert ask(wanted.format("relation := 'complement', popularity := 0.01")) == complements


def test_what_is_popular_in_the_shop_is_nobodys_substitute(ask):
    """The phone's list is filled up with a cable: a filter must not pass it off as a phone."""
    limits = "category := 'electronics', relation := 'substitute'"
    assert ask(f"from similar_to('phone', {limits})") == []
    assert ask(f"from recommend_for_basket(['phone'], {limits})") == []


def test_explain_shows_row_shares_events_models_and_edges(ask):
    rows = ask(
        "select evidence, history_product_id, rank, round(score, 6), round(share, 6), detail,"
        " sessions_together from explain('ann', 'cable')"
    )
    product = "interest in the product * neighbour score"
    assert rows == [
        ("recommendation", "case", 1, 2.3, None, "graph", None),
        ("contribution", "case", 1, 1.5, 0.652174, product, None),
        ("contribution", "phone", 2, 0.8, 0.347826, product, None),
        ("event", "phone", None, None, None, "view", None),
        ("event", "case", None, None, None, "view, not counted: short stay", None),
        ("event", "case", None, None, None, "cart", None),
        ("neighbour", "phone", 7, 0.2, None, "covisit", None),
        ("edge", "phone", None, 0.3, None, "seen together in sessions", 2),
    ]
    times = ask("select event_at::varchar from explain('ann', 'cable') where evidence = 'event'")
    assert times[0] == ("2024-01-01 10:00:00",)


def test_explain_of_a_product_that_was_not_recommended_still_shows_what_speaks_for_it(ask):
    evidence = [row[0] for row in ask("from explain('ann', 'lamp')")]
    assert evidence == ["contribution", "event", "event"]


def test_explain_counts_similar_histories_beside_neighbours(ask):
    rows = ask(
        "select history_product_id, round(score, 6), round(share, 6), detail"
        " from explain('ann', 'gift') where evidence = 'contribution'"
    )
    assert rows == [
        ("case", 0.3, 0.75, "in 2 similar histories"),  # (.4 + .2) * .5
        ("phone", 0.1, 0.25, "interest in the product * neighbour score"),
    ]


@pytest.mark.parametrize(
    "call",
    [
        "similar_to('unknown')",
        "similar_to(null)",
        "explain('nobody', 'phone')",
        "explain('ann', 'unknown')",
        "explain(null, null)",
    ],
)
def test_unknown_names_give_no_rows(ask, call):
    assert ask(f"from {call}") == []


@pytest.mark.parametrize(
    "call",
    ["recommend_for_user('{}', {})", "recommend_for_basket(['{}'], {})", "similar_to('{}', {})"],
)
@pytest.mark.parametrize("k", ["0", "-1", "null"])
@pytest.mark.parametrize("name", ["phone", "ann", "unknown"])
def test_k_below_one_is_an_error_that_says_so(ask, call, k, name):
    with pytest.raises(duckdb.InvalidInputException, match=f"k must be 1 or more, not {k}"):
        ask(f"from {call.format(name, k)}")


@pytest.mark.parametrize("call", ["recommend_for_basket(['{}'], {})", "similar_to('{}', {})"])
@pytest.mark.parametrize("name", ["phone", "unknown"])
def test_unknown_relation_is_an_error_that_says_so(ask, call, name):
    with pytest.raises(duckdb.InvalidInputException, match=r"relation must be .* not bundle"):
        ask(f"from {call.format(name, 'relation := ' + repr('bundle'))}")


def test_names_are_values_and_never_sql(ask):
    assert ask("from similar_to('x'' or true --')") == []
    rows = ask("select source from recommend_for_user('x'' or true --', 1)")
    assert rows == [("popular in shop",)]


def test_parameters_can_be_bound(database):
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            "select product_id from recommend_for_user(?, 1)", ["bob"]
        ).fetchall()
        assert rows == [("case",)]
        rows = connection.execute(
            "select product_id from recommend_for_basket(?, 1)", [["phone"]]
        ).fetchall()
        assert rows == [("case",)]


def test_functions_answer_in_a_database_that_is_attached_and_used(database, ask):
    with duckdb.connect() as connection:
        connection.execute(f"attach '{database}' as shop (read_only)")
        connection.execute("use shop")
        for call in (
            "recommend_for_user('ann')",
            "recommend_for_basket(['phone'])",
            "similar_to('phone')",
            "explain('ann', 'gift')",
        ):
            rows = connection.execute(f"from {call}").fetchall()
            assert rows and rows == ask(f"from {call}")
