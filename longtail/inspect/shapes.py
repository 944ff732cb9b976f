"""Public logs, recognised by their columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from longtail.inspect.profile import Column


@dataclass(frozen=True)
class Shape:
    """One kind of file.

    Attributes
    ----------
    title
        Its title.
    preset
        Its file in datasets/, without ending; "" when there is none.
    columns
        Lower-case names that must all be present; empty for a file without a header.
    kinds
        For a file without a header: a pattern for the kind or the values of each column.
    sign
        A column and a pattern of its values, to tell apart logs with the same names.
    """

    title: str
    preset: str = ""
    columns: frozenset[str] = frozenset()
    kinds: tuple[str, ...] = ()
    sign: tuple[str, str] = ("", "")


def _named(title: str, preset: str, columns: str, sign: tuple[str, str] = ("", "")) -> Shape:
    return Shape(title, preset, frozenset(columns.lower().split()), sign=sign)


WHOLE, TIME, WORD, NUMBER = "whole number", "time", "text", "number|whole number|empty"
SHAPES = (
    _named(
        "REES46 multi-category or cosmetics shop",
        "rees46",
        "event_time event_type product_id category_id category_code brand price user_id",
        ("event_time", r".* UTC"),
    ),
    _named("RetailRocket events", "retailrocket", "timestamp visitorid event itemid transactionid"),
    _named("MovieLens ratings", "movielens", "userId movieId rating timestamp"),
    _named("H&M transactions", "hm", "t_dat customer_id article_id price sales_channel_id"),
    _named("OTTO sessions", "otto", "session events"),
    _named(
        "UCI Online Retail",
        "online_retail",
        "InvoiceNo StockCode Quantity InvoiceDate UnitPrice CustomerID",
    ),
    _named(
        "UCI Online Retail II",
        "online_retail_ii",
        "invoice stockcode quantity invoicedate price customer_id",
    ),
    _named("Diginetica item views", "diginetica", "sessionId userId itemId timeframe eventdate"),
    _named(
        "Tmall user log",
        "tmall",
        "user_id item_id cat_id seller_id brand_id time_stamp action_type",
    ),
    _named(
        "Ta Feng",
        "ta_feng",
        "transaction_dt customer_id product_subclass product_id amount sales_price",
    ),
    _named(
        "Dunnhumby Complete Journey",
        "complete_journey",
        "household_id basket_id product_id quantity sales_value transaction_timestamp",
    ),
    _named(
        "Superstore orders",
        "superstore",
        "order_id order_date customer_id product_id sub_category quantity sales",
    ),
    _named("Book-Crossing ratings", "book_crossing", "user_id isbn book_rating"),
    _named("Steam-200k, hours per game", "steam_hours", "user_id game_title value"),
    _named("LastFM hetrec 2011, artists of users", "lastfm", "userID artistID weight"),
    _named("Amazon reviews 2023", "amazon_reviews", "rating asin parent_asin user_id timestamp"),
    _named("Amazon reviews 2018", "amazon_reviews_2018", "overall reviewerID asin unixReviewTime"),
    _named(
        "Shopify orders export",
        "shopify",
        "name email created_at lineitem_name lineitem_quantity lineitem_price",
    ),
    _named(
        "Google Analytics 4 export",
        "ga4",
        "event_timestamp event_name user_pseudo_id items",
    ),
    _named("Segment track calls", "segment", "anonymousId event messageId properties type"),
    _named(
        "Snowplow ecommerce events",
        "snowplow",
        "derived_tstamp domain_userid domain_sessionid event_name "
        "contexts_com_snowplowanalytics_snowplow_ecommerce_product_1",
    ),
    _named(
        "WooCommerce orders",
        "woocommerce",
        "id status date_created_gmt customer_id billing line_items",
    ),
    _named(
        "Olist order items",
        "olist",
        "order_id order_item_id product_id seller_id price freight_value",
    ),
    _named(
        "Instacart order products", "instacart", "order_id product_id add_to_cart_order reordered"
    ),
    Shape("YooChoose clicks", "yoochoose_clicks", kinds=(WHOLE, TIME, WHOLE, ".*")),
    Shape("YooChoose buys", "yoochoose_buys", kinds=(WHOLE, TIME, WHOLE, NUMBER, NUMBER)),
    Shape(
        "Taobao UserBehavior",
        "taobao",
        kinds=(WHOLE, WHOLE, WHOLE, "values:pv|buy|cart|fav", "seconds.*"),
    ),
    Shape("MovieLens ratings", "movielens_dat", kinds=(WHOLE, WHOLE, NUMBER, "seconds.*")),
    Shape("Steam-200k", "steam", kinds=(WHOLE, WORD, "values:purchase|play", NUMBER, NUMBER)),
)


def plain(name: str) -> str:
    """Return a name in lower case, with one _ for each run of other characters."""
    return re.sub(r"[\W_]+", "_", name.strip().lower()).strip("_")


def recognise(columns: Sequence[Column], has_header: bool) -> Shape | None:
    """Return the known shape of a file, or None.

    Parameters
    ----------
    columns
        What `profile` returned.
    has_header
        Whether the names come from the file.
    """
    names = {form for column in columns for form in (column.name.lower(), plain(column.name))}
    for shape in SHAPES:
        if shape.columns and has_header and shape.columns <= names and _has_sign(columns, shape):
            return shape
        if shape.kinds and not has_header and len(shape.kinds) == len(columns):
            if all(map(_fits, columns, shape.kinds)):
                return shape
    return None


def _has_sign(columns: Sequence[Column], shape: Shape) -> bool:
    name, form = shape.sign
    values = [
        value for column in columns if column.name.lower() == name for value in column.examples
    ]
    return not name or any(re.fullmatch(form, value) for value in values)


def _fits(column: Column, wanted: str) -> bool:
    if wanted.startswith("values:"):
        values = {value.lower() for value in column.examples}
        return bool(values) and values <= set(wanted.removeprefix("values:").split("|"))
    return any(re.fullmatch(wanted, kind) for kind in (column.kind, *column.kinds))
