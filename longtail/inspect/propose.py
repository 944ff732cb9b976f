"""Propose the vars that read a file: columns by name and content, meaning of event types."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from longtail.build.file_rows import identifier
from longtail.inspect.profile import TIMES, Column
from longtail.inspect.shapes import plain

NAMES: dict[str, tuple[str, ...]] = {
    "user_id": tuple(
        "user_id userid user visitorid visitor_id customer_id customerid customer client_id "
        "clientid member_id memberid account_id buyer_id shopper_id reviewerid reviewer_id cust_id "
        "household_id household_key user_pseudo_id profile_id uid email customer_email "
        "anonymousid anonymous_id 用户id 用户".split()
    ),
    "product_id": tuple(
        "product_id productid item_id itemid product item sku product_sku lineitem_sku article_id "
        "articleid stockcode stock_code asin parent_asin aid movie_id movieid isbn goods_id "
        "prod_id product_code item_code game_title artistid artist_id track_id book_id "
        "lineitem_name 商品id 商品".split()
    ),
    "event_time": tuple(
        "event_time eventtime event_timestamp event_at timestamp time ts created_at datetime "
        "date_time event_date eventdate date invoicedate invoice_date order_date "
        "order_purchase_timestamp purchase_date transaction_timestamp transaction_date "
        "transaction_dt t_dat unixreviewtime time_stamp paid_at 时间 时间戳 行为时间".split()
    ),
    "event_type": tuple(
        "event_type eventtype event_name event action action_type behavior behavior_type "
        "behaviour type interaction 行为类型 行为".split()
    ),
    "user_session": tuple(
        "user_session session_id sessionid session visit_id order_id orderid order invoiceno "
        "invoice_no invoice basket_id transactionid transaction_id name".split()
    ),
    "price": tuple(
        "price unit_price unitprice lineitem_price item_price sales_price sale_price amount "
        "价格 单价 商品价格".split()
    ),
    "category_id": tuple(
        "category_id categoryid cat_id item_category category product_category department "
        "sub_category product_subclass genre 商品类目id 类目id 商品类目 类目".split()
    ),
    "category_code": ("category_code", "category_path", "categories"),
    "brand": ("brand", "brand_id", "brand_name", "manufacturer", "vendor", "品牌"),
    "product_name": tuple(
        "product_name item_name title name description product_title lineitem_name "
        "商品名称 商品名".split()
    ),
    "event_weight": tuple(
        "event_weight rating book_rating score overall stars quantity qty lineitem_quantity plays "
        "play_count playcount weight hours".split()
    ),
}
"""Canonical column to its usual names, normalised by `plain`, the likeliest first."""
CLICKS = re.compile(
    r"view|click|pv|visit|browse|search|impression|detail|play|listen|watch|read|浏览|点击"
)
WANTS = re.compile(r"cart|basket|fav|wish|like|save|bookmark|checkout|收藏|加购|购物车")
BUYS = re.compile(r"buy|bought|purchase|order|transaction|paid|sale|购买|下单|支付|成交")
BACK = re.compile(r"remove|delete|cancel|refund|return|unlike|dislike|取消|删除|移除|退款|退货")
MOST_TYPES = 40


@dataclass
class Proposal:
    """Vars with their reasons: a comment for some entries of `columns` and for missing ones.

    Attributes
    ----------
    given
        Var to value.
    comments
        Canonical column to a remark for the user.
    missing
        Required columns that were not found.
    """

    given: dict[str, Any] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def propose(columns: Sequence[Column], types: Mapping[str, Sequence[str]]) -> Proposal:
    """Return the vars for a file.

    Parameters
    ----------
    columns
        What `profile` returned.
    types
        Column to its values, for columns with few values.
    """
    proposal = Proposal()
    free = [column for column in columns if column.kind not in ("nested", "empty")]
    found = _by_name(free)
    found |= _by_content([c for c in free if c not in found.values()], found, types)
    mapped: dict[str, str] = {}
    for canonical, column in found.items():
        if column.name.lower() != canonical:
            mapped[canonical] = column.name
    _times(proposal, mapped, found.get("event_time"))
    _types(proposal, mapped, found, types)
    for needed in ("user_id", "product_id"):
        if needed not in found:
            proposal.missing.append(needed)
    proposal.given["columns"] = mapped
    return proposal


def _by_name(columns: Sequence[Column]) -> dict[str, Column]:
    found: dict[str, Column] = {}
    for canonical, names in NAMES.items():
        by_name = {}
        for column in columns:
            if column not in found.values() and _may_be(canonical, column):
                by_name.setdefault(plain(column.name), column)
                by_name.setdefault(plain(column.name).replace("_", ""), column)
        name = next((name for name in names if name in by_name), None)
        if name:
            found[canonical] = by_name[name]
    return found


def _may_be(canonical: str, column: Column) -> bool:
    """Whether a column's values are consistent with its name."""
    if canonical == "event_time":
        return bool(set(TIMES) & column.kinds)
    if canonical in ("price", "event_weight"):
        return "number" in column.kinds
    if canonical == "event_type":
        return column.distinct <= MOST_TYPES and "number" not in column.kinds
    return column.kind not in ("time", "date")


def _by_content(
    columns: Sequence[Column], found: Mapping[str, Column], types: Mapping[str, Sequence[str]]
) -> dict[str, Column]:
    """Return the columns recognised by values alone: times, event types and, with many, ids."""
    more: dict[str, Column] = {}
    left = list(columns)

    def take(canonical: str, column: Column | None) -> None:
        if column and canonical not in found:
            more[canonical] = column
            left.remove(column)

    words = [
        column
        for column in left
        if 1 < len(types.get(column.name, ())) <= MOST_TYPES
        and sum(_weight(value) is not None for value in types[column.name])
        > len(types[column.name]) / 2
    ]
    take("event_type", words[0] if words else None)
    for kind in TIMES:
        if "event_time" not in found and "event_time" not in more:
            take("event_time", next((column for column in left if column.kind == kind), None))
    for canonical in ("user_id", "product_id"):
        ids = [column for column in left if column.filled > 0.9 and column.distinct > 1]
        ids = [column for column in ids if column.kind in ("whole number", "text")]
        take(canonical, ids[0] if ids and canonical not in found else None)
    return more


def _times(proposal: Proposal, mapped: dict[str, str], column: Column | None) -> None:
    if column is None:
        mapped["event_time"] = "none"
        proposal.comments["event_time"] = (
            "no column of times was found: a tenth of each user's products is held out instead"
        )
        # Without times there is no order and no recency: a session is a user.
        proposal.given |= {
            "window": 0,
            "min_stay_seconds": 0,
            "exclude": "seen",
            "half_life_days": 0,
        }
        return
    if column.kind == "compact date" and not column.kinds & {"time", "date"}:
        mapped["event_time"] = f"strptime({identifier(column.name)}, '%Y%m%d')"
    proposal.comments["event_time"] = f"such as {column.examples[0]}" if column.examples else ""
    if column.kind in ("time", "date, day or month first") and not any(
        re.search(r"[Zz]$|UTC|[+-]\d\d:?\d\d$", example) for example in column.examples
    ):
        proposal.comments["event_time"] += "; read as UTC: set timezone if that is wrong"


def _types(
    proposal: Proposal,
    mapped: dict[str, str],
    found: Mapping[str, Column],
    types: Mapping[str, Sequence[str]],
) -> None:
    """Propose weights of the event types or, if there are none, the type of all events."""
    column = found.get("event_type")
    if column is None:
        is_order = "user_session" in found or "price" in found
        is_rating = not is_order and "event_weight" in found
        kind = "purchase" if is_order else "rating" if is_rating else "view"
        mapped["event_type"] = f"'{kind}'"
        proposal.comments["event_type"] = "there is no column of event types"
        proposal.given |= {
            "event_weights": {kind: 5 if is_order else 1},
            "click_event_types": [kind] if kind == "view" else [],
            "purchase_event_types": [] if kind == "view" else [kind],
        }
        if kind != "view":
            proposal.given["min_stay_seconds"] = 0
        if is_rating:
            proposal.given["robot_purchases"] = 5000  # a film lover rates hundreds in an hour
        return
    values = sorted({value.strip().lower() for value in types.get(column.name, ())} - {""})
    weights = {value: _weight(value) for value in values}
    unknown = [value for value, weight in weights.items() if weight is None]
    if unknown:
        proposal.comments["event_type"] = f"what do these mean: {', '.join(unknown[:5])}?"
    proposal.given |= {
        "event_weights": {value: 1 if w is None else w for value, w in weights.items()},
        "click_event_types": [v for v, w in weights.items() if w == 1],
        "purchase_event_types": [v for v, w in weights.items() if w == 5],
    }


def _weight(value: str) -> int | None:
    """Return the weight of an event of that name, or None."""
    value = value.lower()
    for form, weight in ((BACK, -1), (BUYS, 5), (WANTS, 3), (CLICKS, 1)):
        if form.search(value):
            return weight
    return None
