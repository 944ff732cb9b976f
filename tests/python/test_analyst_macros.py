"""Answers of the analysts' functions, on a shop small enough to compute each by hand."""

import duckdb
import pytest
from tiny_shop import publish

from longtail.build.analyst_macros import MACROS

pytestmark = pytest.mark.slow


def test_every_macro_is_described(ask):
    names = {file.stem for file in MACROS.rglob("*.sql")} - {"status"}
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


def test_published_rows_are_answered_without_the_events(database, tmp_path):
    # A large shop has a hundred million events: a published row says itself what was seen.
    changed = tmp_path / "changed.duckdb"
    changed.write_bytes(database.read_bytes())
    with duckdb.connect(str(changed)) as shop:
        shop.execute("delete from internal.int_events_flagged")
        listed = "select product_id, is_seen from recommend_for_user('bob', {})"
        assert shop.execute(listed.format(1)).fetchall() == [("case", True)]
        rows = dict(shop.execute(listed.format(20)).fetchall())
    assert [product for product, is_seen in rows.items() if is_seen] == ["case"]


RANKED = """
    insert into user_recommendations values
        ('cas', 1, 'lamp', 0.9, 'ranked', null, null, false),
        ('cas', 2, 'gift', 0.5, 'ranked', 'phone', 'view', true),
        ('cas', 3, 'phone', 100.0, 'popular in shop', null, null, true);
    insert into internal.int_user_histories values ('published', 3, 1, 'view', 1.0);
"""


def test_published_rows_come_first_whatever_their_source(database, tmp_path):
    # A ranked row may have no cause, and a short list ends in popular rows: both were decided.
    changed = tmp_path / "changed.duckdb"
    changed.write_bytes(database.read_bytes())
    with duckdb.connect(str(changed)) as shop:
        shop.execute(RANKED)
        listed = "select product_id, source from recommend_for_user('cas', {})"
        published = [("lamp", "ranked"), ("gift", "ranked"), ("phone", "popular in shop")]
        assert shop.execute(listed.format(3)).fetchall() == published
        live = [("case", "graph"), ("cable", "graph")]  # .9 and .8, by the phone
        assert shop.execute(listed.format(5)).fetchall() == published + live
        pages = [shop.execute(listed.format(f"2, skip := {skip}")).fetchall() for skip in (0, 2)]
        assert pages == [published[:2], published[2:] + live[:1]]
        # With the dial turned, scores decide, and those of popular rows are of another kind.
        turned = shop.execute(listed.format("5, popularity := 0.01")).fetchall()
        assert turned[-1] == ("phone", "popular in shop")


@pytest.mark.parametrize(
    "knobs", ["3", "1, skip := 2", "2, per_category := 1", "2, per_brand := 1"]
)
def test_published_rows_are_answered_without_being_computed_again(database, tmp_path, knobs):
    changed = tmp_path / "changed.duckdb"
    changed.write_bytes(database.read_bytes())
    with duckdb.connect(str(changed)) as shop:
        shop.execute(RANKED)
        listed = f"from recommend_for_user('cas', {knobs})"
        before = shop.execute(listed).fetchall()
        for table in ("user_keys", "user_histories", "neighbours", "popularity", "events_flagged"):
            shop.execute(f"delete from internal.int_{table}")
        assert before and shop.execute(listed).fetchall() == before


def test_a_cap_that_takes_published_rows_is_made_up_for(database, tmp_path):
    changed = tmp_path / "changed.duckdb"
    changed.write_bytes(database.read_bytes())
    with duckdb.connect(str(changed)) as shop:
        shop.execute(RANKED)
        shop.execute("update products set brand = 'lux' where product_id in ('gift', 'lamp')")
        listed = "select product_id from recommend_for_user('cas', 3, per_brand := 1)"
        assert shop.execute(listed).fetchall() == [("lamp",), ("phone",), ("cable",)]


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
    assert products == ["case", "cable", "gift", "lamp", "sock"]


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
        "select rank, product_id, round(score, 6), source, because_product_id, products_in_basket"
        " from recommend_for_basket(['phone', 'case', 'phone', 'unknown'])"
    )
    assert rows == [
        (1, "cable", 1.3, "graph", "phone", 2),
        (2, "sock", 0.4, "graph", "case", 1),
        (3, "gift", 0.1, "graph", "phone", 1),
        (4, "lamp", 30.0, "popular in shop", None, 0),
    ]


@pytest.mark.parametrize("serving", ["popularity", "popular in category", "own products"])
def test_basket_has_neighbours_whatever_serves_the_users(ask, tmp_path, serving):
    asked = "from recommend_for_basket(['phone', 'case'])"
    publish(tmp_path / "other.duckdb")
    with duckdb.connect(str(tmp_path / "other.duckdb")) as connection:
        connection.execute(f"update internal.int_serving set model = '{serving}'")
        assert connection.execute(asked).fetchall() == ask(asked)


def test_basket_with_a_relation_and_the_other_knobs(ask):
    wanted = "select product_id from recommend_for_basket(['phone', 'case'], {})"
    assert ask(wanted.format("relation := 'complement'")) == [("gift",), ("cable",), ("sock",)]
    assert ask(wanted.format("relation := 'substitute'")) == [("lamp",), ("sock",)]
    assert ask(wanted.format("max_price := 5")) == [("sock",)]
    assert ask(wanted.format("category := 'electronics'")) == [("cable",)]
    assert ask(wanted.format("popularity := -1, k := 1")) == [("sock",)]


@pytest.mark.parametrize("basket", ["[]", "['unknown']", "[null]", "null"])
def test_basket_of_nothing_known_gets_what_is_popular(ask, basket):
    rows = ask(
        f"select product_id, source, products_in_basket from recommend_for_basket({basket}, 2)"
    )
    assert rows == [("phone", "popular in shop", 0), ("case", "popular in shop", 0)]


def test_nothing_has_a_relation_to_a_basket_of_nothing_known(ask):
    with pytest.raises(duckdb.InvalidInputException, match="no product of the basket"):
        ask("from recommend_for_basket(['unknown'], relation := 'substitute')")


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
    """The phone's list is filled up with a cable: a filter must not list it as a substitute."""
    limits = "category := 'electronics', relation := 'substitute'"
    assert ask(f"from similar_to('phone', {limits})") == []
    assert ask(f"from recommend_for_basket(['phone'], {limits})") == []


def test_explain_shows_row_shares_events_models_and_edges(ask):
    rows = ask(
        "select evidence, history_product_id, rank, round(score, 6), round(share, 6), detail,"
        " sessions_together from explain('ann', 'cable') where evidence != 'answer'"
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


def test_explain_says_what_moved_a_ranked_row_and_only_that(ask, tmp_path):
    asked = "from explain('{}', '{}') where evidence = 'ranker'"
    publish(tmp_path / "ranked.duckdb")
    with duckdb.connect(str(tmp_path / "ranked.duckdb")) as shop:
        shop.execute("update user_recommendations set source = 'ranked' where user_id = 'bob'")
        columns = "select rank, score, detail "
        assert shop.execute(columns + asked.format("bob", "case")).fetchall() == [
            (1, 0.5, "place in your history: none, speaks for it"),
            (2, -0.2, "place by what was counted: 2.0, speaks against it"),
        ]
        # By the graph, whatever the ranker would say of it.
        assert shop.execute(asked.format("ann", "cable")).fetchall() == []


def test_explain_of_a_product_that_was_not_recommended_still_shows_what_speaks_for_it(ask):
    evidence = [row[0] for row in ask("from explain('ann', 'lamp')")]
    assert evidence == ["answer", "contribution", "event", "event"]


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
    ("call", "complaint"),
    [
        ("similar_to('unknown')", "no product unknown in the log"),
        (
            "similar_to('Lamp')",
            "no product Lamp in the log; the id of the product of that name is lamp",
        ),
        ("similar_to(null)", "no product null in the log"),
        ("explain('nobody', 'phone')", "no user nobody in the log"),
        ("explain('ann', 'unknown')", "no product unknown in the log"),
        ("explain(null, 'phone')", "no user null in the log"),
    ],
)
def test_unknown_names_are_errors_that_say_so(ask, call, complaint):
    with pytest.raises(duckdb.InvalidInputException, match=complaint):
        ask(f"from {call}")


def test_names_are_values_and_never_sql(ask):
    with pytest.raises(duckdb.InvalidInputException, match="no product x' or true --"):
        ask("from similar_to('x'' or true --')")
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


ANSWERS = (
    "select product_id from recommend_for_user('ann', 20)",
    "select product_id from recommend_for_user('ann', 20, popularity := 2)",
    "select product_id from recommend_for_user('ann', 20, category := 'home.lamps')",
    "select product_id from recommend_for_user('nobody', 20)",
    "select product_id from recommend_for_basket(['phone', 'case'], 20)",
    "select product_id from recommend_for_basket(['radio'], 20)",
    "select product_id from recommend_for_basket(['phone'], 20, relation := 'substitute')",
    "select similar_product_id from similar_to('phone', 20)",
    "select similar_product_id from similar_to('phone', 20, popularity := 2)",
)
SOLD_OUT_SINCE = """
    update product_availability set is_shown = false, withheld_as = 'hidden'
    where product_id = 'sock'
"""


@pytest.mark.parametrize("question", ANSWERS)
def test_no_function_shows_what_is_sold_out(ask, question):
    shown = [product for (product,) in ask(question)]
    assert shown
    assert "radio" not in shown


def test_functions_ask_for_availability_and_not_for_lists_alone(tmp_path):
    path = tmp_path / "longtail.duckdb"
    publish(path)
    with duckdb.connect(str(path)) as shop:
        shop.execute(SOLD_OUT_SINCE)
        for question in ANSWERS:
            assert ("sock",) not in shop.execute(question).fetchall(), question


def test_what_is_hidden_from_a_user_is_shown_to_others(ask):
    assert ask("select product_id from recommend_for_user('dan', 2)") == [("case",), ("lamp",)]
    assert ask("select product_id from recommend_for_user('nobody', 1)") == [("phone",)]


def test_an_answer_says_why_a_product_may_not_be_shown(ask):
    sentence = "select detail from explain({}) where evidence = 'answer'"
    assert ask(sentence.format("'ann', 'radio'"))[0][0].startswith(
        "Radio (radio) may not be shown: unavailable. "
    )
    assert "may not be shown" not in ask(sentence.format("'ann', 'lamp'"))[0][0]


def test_answers_say_what_a_product_costs_and_where_it_is(ask):
    columns = "product_name, price, currency, url, image_url"
    page = "https://shop.example/cable"
    cable = ("Cable", 10.0, "EUR", page, f"{page}.jpg")
    asked = {
        "recommend_for_user('ann', 1)": cable,
        "recommend_for_basket(['case'], 1)": cable,
        "similar_to('case', 1)": cable,
        "similar_to('phone', 1, relation := 'complement')": ("Case", 20.0, None, None, None),
    }
    assert {what: ask(f"select {columns} from {what}")[0] for what in asked} == asked
