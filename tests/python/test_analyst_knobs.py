"""Shared parameters of the analysts' functions, their errors, explain's sentence, status."""

import duckdb
import pytest
from tiny_shop import publish

pytestmark = pytest.mark.slow

CALLS = (
    "recommend_for_user('ann', {})",
    "recommend_for_user('nobody', {})",
    "recommend_for_basket(['phone'], {})",
    "recommend_for_basket([], {})",
    "similar_to('phone', {})",
)


@pytest.fixture
def products(ask):
    """A function from a call to the products that it lists, in order."""

    def listed(call: str) -> list[str]:
        column = "similar_product_id" if call.startswith("similar_to") else "product_id"
        return [product for (product,) in ask(f"select {column} from {call}")]

    return listed


@pytest.mark.parametrize("call", CALLS)
def test_several_categories_are_each_with_what_lies_below(products, call):
    # Of phone, case, cable, sock, gift and lamp.
    found = products(call.format("category := ['electronics.phones', 'home']"))
    assert set(found) <= {"phone", "case", "lamp"} and found
    assert products(call.format("category := ['home']")) == products(
        call.format("category := 'home'")
    )
    assert "sock" not in products(call.format("category := 'electronics'"))


@pytest.mark.parametrize("call", CALLS)
def test_brands_and_prices_leave_only_what_has_them(products, call):
    assert set(products(call.format("brand := 'lux'"))) <= {"lamp"}
    assert set(products(call.format("brand := ['acme', 'wire']"))) <= {"phone", "case", "cable"}
    assert set(products(call.format("min_price := 10"))) <= {"phone", "case", "cable", "lamp"}
    assert set(products(call.format("min_price := 10, max_price := 20"))) <= {"case", "cable"}


def test_filters_reach_beyond_the_published_rows(products):
    assert products("recommend_for_user('ann', brand := 'lux')") == ["lamp"]
    assert products("recommend_for_user('ann', min_price := 40)") == ["phone", "lamp"]
    assert products("recommend_for_basket(['case'], brand := 'lux')") == ["lamp"]
    assert products("similar_to('phone', min_price := 20, max_price := 40)") == ["lamp", "case"]


@pytest.mark.parametrize("call", CALLS)
def test_excluded_products_are_left_out_and_others_close_the_ranks(ask, products, call):
    every = products(call.format("k := 9"))
    without = products(call.format("k := 9, exclude := ['case', 'unknown']"))
    assert without == [product for product in every if product != "case"]
    assert products(call.format("k := 9, exclude := 'case'")) == without
    assert products(call.format("k := 9, exclude := []")) == every
    excluding = call.format("k := 9, exclude := 'case'")
    assert ask(f"select rank from {excluding} order by rank limit 1") == [(1,)]


def test_a_cap_keeps_the_best_of_each_category_or_brand(products):
    # lamp is lux; phone and case are acme, each of its own category; sock and gift have no brand.
    everything = products("recommend_for_user('nobody')")
    assert everything == ["phone", "case", "lamp", "cable", "gift", "sock"]
    assert products("recommend_for_user('nobody', per_brand := 1)") == [
        *("phone", "lamp", "cable", "gift", "sock")
    ]
    assert products("recommend_for_user('nobody', per_category := 1)") == everything
    assert products("recommend_for_basket([], per_brand := 1, k := 3)") == [
        *("phone", "lamp", "cable")
    ]


def test_caps_count_within_a_relation_and_after_one_another(tmp_path):
    path = tmp_path / "longtail.duckdb"
    publish(path)
    with duckdb.connect(str(path)) as shop:
        # Substitutes of the phone: lamp (home, lux), sock; then a lamp of lux and one of acme.
        shop.execute("""
            insert into products (
                product_id, product_key, product_name, category_code, brand, price, interactions
            ) values
                ('lamp2', 8, 'Lamp 2', 'home.lamps', 'lux', 41.0, 3),
                ('rug', 9, 'Rug', 'home.rugs', 'lux', 42.0, 3),
                ('lamp3', 10, 'Lamp 3', 'home.lamps', 'acme', 43.0, 3);
            insert into similar_products values
                ('phone', 'substitute', 4, 'lamp2', 0.7, 0, 'graph'),
                ('phone', 'substitute', 5, 'rug', 0.6, 0, 'graph'),
                ('phone', 'substitute', 6, 'lamp3', 0.5, 0, 'graph'),
                ('phone', 'complement', 4, 'lamp2', 0.1, 0, 'graph');
        """)

        def listed(knobs):
            return [
                product
                for (product,) in shop.execute(
                    "select similar_product_id from similar_to('phone', relation := 'substitute',"
                    f" {knobs})"
                ).fetchall()
            ]

        assert listed("k := 9") == ["lamp", "sock", "lamp2", "rug", "lamp3"]
        assert listed("per_category := 1") == ["lamp", "sock", "rug"]
        assert listed("per_category := 2") == ["lamp", "sock", "lamp2", "rug"]
        assert listed("per_brand := 2") == ["lamp", "sock", "lamp2", "lamp3"]
        # lamp2, which the category's cap drops, takes no place of its brand.
        assert listed("per_category := 1, per_brand := 2") == ["lamp", "sock", "rug"]


@pytest.mark.parametrize("call", [call for call in CALLS if "similar" not in call])
def test_pages_make_up_the_list(ask, call):
    whole = ask(f"from {call.format('k := 6')}")
    pages = [ask(f"from {call.format(f'k := 2, skip := {skip}')}") for skip in (0, 2, 4)]
    assert [row for page in pages for row in page] == whole
    assert [row[0] for row in whole] == list(range(1, len(whole) + 1))


def test_pages_of_similar_products_are_pages_of_each_relation(ask):
    rows = ask(
        "select relation, rank, similar_product_id from similar_to('phone', k := 1, skip := 1)"
    )
    assert rows == [("substitute", 2, "sock"), ("complement", 2, "gift")]


@pytest.mark.parametrize("call", [*CALLS, "similar_to('unknown', {})", "similar_to(null, {})"])
@pytest.mark.parametrize(
    ("knobs", "complaint"),
    [
        ("k := 0", "k must be 1 or more, not 0"),
        ("k := -1", "k must be 1 or more, not -1"),
        ("k := null", "k must be 1 or more, not null"),
        ("skip := -1", "skip must be 0 or more, not -1"),
        ("skip := null", "skip must be 0 or more, not null"),
        ("popularity := null", "popularity must be between -10 and 10, not null"),
        ("popularity := 11", "popularity must be between -10 and 10, not 11"),
        ("popularity := 'nan'::double", "popularity must be between -10 and 10, not nan"),
        ("max_price := -1", "max_price must be 0 or more, not -1"),
        ("min_price := -0.5", "min_price must be 0 or more, not -0.5"),
        ("min_price := 9, max_price := 5", "max_price must be 9 or more, not 5"),
        ("per_category := 0", "per_category must be 1 or more, not 0"),
        ("per_brand := 0", "per_brand must be 1 or more, not 0"),
        ("category := []", "category names none"),
        ("brand := [null]", "brand names none"),
        (
            "category := 'electronics.phone'",
            "no category electronics.phone; did you mean electronics.phones[?]",
        ),
        ("category := ['home', 'lamp']", "no category lamp; did you mean home.lamps[?]"),
        ("category := ''", "no category ; did you mean home[?]"),
        ("brand := 'acm'", "no brand acm; did you mean acme[?]"),
    ],
)
def test_a_knob_out_of_its_range_is_an_error_that_says_so(ask, call, knobs, complaint):
    with pytest.raises(duckdb.InvalidInputException, match=complaint):
        # Whatever is read of the answer.
        ask(f"select count(*) from {call.format(knobs)}")


@pytest.mark.parametrize("call", [CALLS[2], CALLS[3], CALLS[4], "similar_to('unknown', {})"])
def test_an_unknown_relation_is_an_error_that_says_so(ask, call):
    with pytest.raises(duckdb.InvalidInputException, match=r"relation must be .*, not bundle"):
        ask(f"from {call.format('relation := ' + repr('bundle'))}")


def test_a_shop_without_categories_says_that_there_is_none(tmp_path):
    path = tmp_path / "longtail.duckdb"
    publish(path)
    with duckdb.connect(str(path)) as shop:
        shop.execute("delete from category_tree")
        with pytest.raises(duckdb.InvalidInputException, match=r"no category home$"):
            shop.execute("from recommend_for_user('ann', category := 'home')").fetchall()


def test_all_that_is_wrong_is_said_at_once(ask):
    with pytest.raises(duckdb.InvalidInputException) as error:
        ask("from similar_to('unknown', k := 0, brand := 'acm')")
    assert str(error.value).endswith(
        "k must be 1 or more, not 0; no brand acm; did you mean acme?; "
        "no product unknown in the log"
    )


def test_knobs_can_be_bound(database):
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            "select product_id from recommend_for_user(?, k := ?, category := ?, exclude := ?)",
            ["ann", 1, ["electronics"], ["cable"]],
        ).fetchall()
    assert rows == [("case",)]


def sentence(ask, user: str, product: str) -> str:
    rows = ask(f"select evidence, detail from explain('{user}', '{product}')")
    assert [evidence for evidence, _ in rows].count("answer") == 1
    assert rows[0][0] == "answer"
    return rows[0][1]


def test_explain_says_why_in_a_sentence_first(ask):
    # Six sessions of people have the case, and three of them the cable after it.
    assert sentence(ask, "ann", "cable") == (
        "You put Case (case) into your cart on Monday, 1 January 2024; of 6 sessions with it, 3 "
        "went on to Cable (cable)."
    )
    row = ask(
        "select history_product_id, event_at::varchar, history_product_name"
        " from explain('ann', 'cable') limit 1"
    )
    assert row == [("case", "2024-01-01 10:02:00", "Case")]


def test_explain_says_which_models_speak_where_no_session_does(ask):
    # The phone is in one session, with the cable after it; the lamp is in none.
    assert sentence(ask, "ann", "lamp") == (
        "Lamp (lamp) is not in your list. Nothing in your history is a reason for it by itself."
    )
    assert sentence(ask, "bob", "lamp").startswith("Lamp (lamp) is not in your list. Nothing")
    assert sentence(ask, "ann", "sock") == (
        "You put Case (case) into your cart on Monday, 1 January 2024; none of 6 sessions with it "
        "went on to Sock (sock)."
    )
    assert sentence(ask, "bob", "cable") == (
        "Cable (cable) is not in your list. You bought Phone (phone); of 1 session with it, 1 "
        "went on to Cable (cable)."
    )


def test_explain_says_that_the_ranker_chose_without_a_cause(tmp_path):
    publish(tmp_path / "ranked.duckdb")
    with duckdb.connect(str(tmp_path / "ranked.duckdb")) as shop:
        shop.execute(
            "insert into user_recommendations values"
            " ('cas', 1, 'lamp', 0.9, 'ranked', null, null, false)"
        )
        asked = "select detail from explain('cas', 'lamp') where evidence = 'answer'"
        assert shop.execute(asked).fetchall() == [
            (
                "The ranker put Lamp (lamp) in your list: it is popular or often comes next, and "
                "nothing in your history leads to it by itself.",
            )
        ]


def test_explain_says_that_a_product_is_withheld(ask):
    assert sentence(ask, "bob", "phone") == (
        "Phone (phone) is withheld from you by the var exclude. "
        "Nothing in your history is a reason for it by itself."
    )


def test_explain_says_what_is_merely_popular_and_what_stands_for_its_category(tmp_path):
    path = tmp_path / "longtail.duckdb"
    publish(path)
    with duckdb.connect(str(path)) as shop:
        shop.execute("""
            insert into user_recommendations values
                ('cas', 1, 'lamp', 30.0, 'popular in shop', null, null, false),
                ('ann', 3, 'gift', 0.1, 'category and brand', 'lamp', 'view', false),
                ('ann', 4, 'case', 0.1, 'seen before', 'case', 'cart', true);
        """)

        def ask(sql):
            return shop.execute(sql).fetchall()

        assert sentence(ask, "cas", "lamp") == (
            "Lamp (lamp) is popular in the shop: nothing in your history is a reason for it."
        )
        assert sentence(ask, "ann", "gift") == (
            "You looked at Lamp (lamp), which is in no session learned from: it is known by "
            "its category and brand."
        )
        assert sentence(ask, "ann", "case") == (
            "You put Case (case) into your cart on Monday, 1 January 2024: it is shown again."
        )


def test_a_product_without_a_name_is_called_by_brand_and_category(ask):
    label = "select internal.product_label('7', {})"
    assert ask(label.format("'Phone', 'acme', 'a.b'")) == [("Phone (7)",)]
    assert ask(label.format("null, 'acme', 'a.phone_cases'")) == [("acme phone cases (7)",)]
    assert ask(label.format("null, 'acme', null")) == [("acme (7)",)]
    assert ask(label.format("null, null, null")) == [("product (7)",)]


def test_status_is_one_row_about_the_last_build(ask):
    rows = ask(
        "select * exclude (published_at, hours_since_last_event, hours_since_published) from status"
    )
    last_event_at, built_at, *others = rows[0]
    assert len(rows) == 1
    assert (str(last_event_at), str(built_at)) == ("2024-01-03 01:00:00", "2024-01-03 03:00:00")
    assert others == [2, 1, "recall", "logs", "new", "1.11", "v2", "b"]


def test_status_counts_hours_in_utc_wherever_the_reader_is(database):
    with duckdb.connect(str(database), read_only=True) as connection:
        for zone in ("UTC", "Asia/Tokyo"):
            connection.execute(f"set timezone = '{zone}'")
            [(published, age, expected)] = connection.execute(
                "select hours_since_published, hours_since_last_event,"
                " (epoch(now()) - 1704243600) / 3600 from status"
            ).fetchall()
            assert 0 <= published < 1
            assert abs(age - expected) < 0.1


def test_status_and_its_columns_are_described(ask):
    assert ask("select comment is not null from duckdb_views() where view_name = 'status'") == [
        (True,)
    ]
    columns = ask("select column_name, comment from duckdb_columns() where table_name = 'status'")
    assert columns and all(comment for _, comment in columns)
