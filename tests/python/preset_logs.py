"""Made-up files in the shape of each preset's log, and the expected result."""

import datetime
import json

import pyarrow as pa
import pyarrow.parquet as pq


def text(*lines: str, encoding: str = "utf-8") -> bytes:
    """Return lines as a file."""
    return "\n".join([*lines, ""]).encode(encoding)


def records(*rows: dict) -> bytes:
    """Return rows as JSON lines."""
    return text(*map(json.dumps, rows))


def parquet(*rows: dict) -> bytes:
    """Return rows as a parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(list(rows)), sink)
    return sink.getvalue().to_pybytes()


SHOPIFY = (
    "Name,Email,Paid at,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku"
)
GA4_ITEM = {
    **{"item_id": "p", "item_name": "Cup", "item_brand": "b", "item_category": "c", "price": 9.5},
    "quantity": 1,
}
GA4 = {
    **{"event_date": "20240105", "event_timestamp": 1704448800000000, "user_pseudo_id": "7.1"},
    "event_params": [{"key": "ga_session_id", "value": {"int_value": 5}}],
}
AMAZON = {
    **{"rating": 4.0, "title": "t", "text": "x", "images": [], "asin": "B1", "parent_asin": "P1"},
    **{"user_id": "A", "timestamp": 1588687728923, "helpful_vote": 0, "verified_purchase": True},
}
AMAZON_2018 = {
    **{"overall": 5.0, "verified": True, "reviewTime": "05 5, 2020", "reviewerID": "A"},
    **{"asin": "B1", "style": {"Size:": "L"}, "unixReviewTime": 1588636800},
}

SEGMENT = {
    **{"type": "track", "messageId": "m", "anonymousId": "anon", "userId": None},
    **{"timestamp": "2024-01-05T10:00:00.000Z", "context": {"ip": "192.0.2.1"}},
}
CUP = {"product_id": "p1", "sku": "S-1", "name": "Cup", "brand": "b", "category": "c", "price": 9.5}
SNOWPLOW = {
    **{"event_name": "snowplow_ecommerce_action", "domain_userid": "d", "domain_sessionid": "s"},
    "derived_tstamp": datetime.datetime(2024, 1, 5, 10, tzinfo=datetime.UTC),
}
ACTION = "unstruct_event_com_snowplowanalytics_snowplow_ecommerce_snowplow_ecommerce_action_1"
PRODUCTS = "contexts_com_snowplowanalytics_snowplow_ecommerce_product_1"
SNOWPLOW_CUP = {"id": "p1", "name": "Cup", "category": "c/d", "price": 9.5, "brand": "b"}
ORDER_LINE = {"id": 315, "name": "Cup", "product_id": 93, "quantity": 2, "price": 9.5}
ORDER = {
    **{"id": 727, "status": "processing", "date_created_gmt": "2024-01-05T10:00:00"},
    **{"customer_id": 0, "billing": {"first_name": "Ann", "email": "Ann@x.example"}},
    "line_items": [ORDER_LINE, {**ORDER_LINE, "product_id": 94}],
}

# Preset to: files by name, the first that of the events; kept; rejected by reason; the first kept
# row by time, product and type: time, event type, product, user, price, own weight.
CASES: dict[str, tuple[dict[str, bytes], int, dict[str, int], tuple]] = {
    "rees46": (
        {
            "2019-Oct.csv": text(
                "event_time,event_type,product_id,category_id,category_code,brand,price,"
                "user_id,user_session",
                "2019-10-01 00:00:00 UTC,view,1,20,a.b,acme,5.25,7,s",
                "2019-10-01 00:00:01 UTC,remove_from_cart,1,20,,,5.25,7,s",
                "1970-01-01 00:00:01 UTC,view,1,20,,,5.25,7,s",
            )
        },
        2,
        {"event_time out of range": 1},
        ("2019-10-01 00:00:00", "view", "1", "7", 5.25, None),
    ),
    "retailrocket": (
        {
            "events.csv": text(
                "timestamp,visitorid,event,itemid,transactionid",
                "1433221332117,257597,view,355908,",
                "1433224214164,992329,addtocart,248676,",
                "1433222276276,599528,transaction,356475,4000",
            )
        },
        3,
        {},
        ("2015-06-02 05:02:12.117", "view", "355908", "257597", None, None),
    ),
    "movielens": (
        {"ratings.csv": text("userId,movieId,rating,timestamp", "1,31,2.5,1260759144")},
        1,
        {},
        ("2009-12-14 02:52:24", "rating", "31", "1", None, 2.5),
    ),
    "movielens_dat": (
        {"ratings.dat": text("1::1193::5::978300760", "1::661::3::978302109")},
        2,
        {},
        ("2000-12-31 22:12:40", "rating", "1193", "1", None, 5.0),
    ),
    "hm": (
        {
            "transactions_train.csv": text(
                "t_dat,customer_id,article_id,price,sales_channel_id",
                *["2018-09-20,00a1,0663713001,0.0508,2"] * 2,
            )
        },
        2,
        {},
        ("2018-09-20 00:00:00", "purchase", "0663713001", "00a1", 0.0508, 1.0),
    ),
    "otto": (
        {
            "train.jsonl": records(
                {
                    "session": 0,
                    "events": [
                        {"aid": 15, "ts": 1659304800025, "type": "clicks"},
                        {"aid": 16, "ts": 1659304904511, "type": "orders"},
                    ],
                },
                {"session": 1, "events": [{"aid": 15, "ts": 1659304800026, "type": "carts"}]},
            )
            + b'{"session": 2, "eve\n'
        },
        3,
        {"broken line: no JSON": 1},
        ("2022-07-31 22:00:00.025", "clicks", "15", "0", None, None),
    ),
    "yoochoose_clicks": (
        {
            "yoochoose-clicks.dat": text(
                "1,2014-04-07T10:51:09.277Z,214536502,0", "1,2014-04-07T10:54:09.868Z,214536500,S"
            )
        },
        2,
        {},
        ("2014-04-07 10:51:09.277", "view", "214536502", "1", None, None),
    ),
    "yoochoose_buys": (
        {
            "yoochoose-buys.dat": text(
                "42,2014-04-06T18:44:58.314Z,214537888,12462,1",
                "42,2014-04-06T18:44:58.325Z,214537850,0,0",
            )
        },
        2,
        {},
        ("2014-04-06 18:44:58.314", "purchase", "214537888", "42", 12462.0, 1.0),
    ),
    "taobao": (
        {
            "UserBehavior.csv": text(
                "1,2268318,2520377,pv,1511544070",
                "1,2333346,2520771,buy,1511561733",
                "1,2333346,2520771,fav,1411561733",
            )
        },
        2,
        {"event_time out of range": 1},
        ("2017-11-24 17:21:10", "pv", "2268318", "1", None, None),
    ),
    "online_retail": (
        {
            "online_retail.csv": text(
                "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
                "536365,85123a,HEART,6,12/1/2010 8:26,2.55,17850,UK",
                "C536366,85123A,HEART,-6,2010-12-02 08:26:00,2.55,17850.0,UK",
                "536367,POST,POSTAGE,1,12/1/2010 8:26,18,17850,UK",
                "536368,85123A,HEART,6,12/1/2010 8:26,2.55,,UK",
            )
        },
        2,
        {"not a product": 1, "missing user_id": 1},
        ("2010-12-01 08:26:00", "purchase", "85123A", "17850", 2.55, None),
    ),
    "online_retail_ii": (
        {
            "online_retail_II.csv": text(
                "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country",
                "489434,85048,LIGHTS,12,2009-12-01 07:45:00,6.95,13085.0,UK",
                "C489449,22087,BUNTING,-12,2009-12-02 10:33:00,2.95,16321.0,UK",
                "489435,22350,BOWL,0,2009-12-01 07:46:00,2.55,13085.0,UK",
            )
        },
        2,
        {"stock adjustment": 1},
        ("2009-12-01 07:45:00", "purchase", "85048", "13085", 6.95, None),
    ),
    "diginetica": (
        {
            "train-item-views.csv": text(
                "sessionId;userId;itemId;timeframe;eventdate",
                "1;NA;81766;526309;2016-05-09",
                "2;5;31331;1031018;2016-05-09",
            )
        },
        2,
        {},
        ("2016-05-09 00:08:46.309", "view", "81766", "session 1", None, None),
    ),
    "tmall": (
        {
            "user_log_format1.csv": text(
                "user_id,item_id,cat_id,seller_id,brand_id,time_stamp,action_type",
                "328862,323294,833,2882,2661,829,0",
                "328862,844400,1271,2882,2661,1111,2",
                "328862,844400,1271,2882,2661,1111,9",
            )
        },
        2,
        {"missing event_type": 1},
        ("2014-08-29 00:00:00", "click", "323294", "328862", None, None),
    ),
    "ta_feng": (
        {
            "ta_feng_all_months_merged.csv": text(
                "TRANSACTION_DT,CUSTOMER_ID,AGE_GROUP,PIN_CODE,PRODUCT_SUBCLASS,PRODUCT_ID,AMOUNT,"
                "ASSET,SALES_PRICE",
                "11/1/2000,01104905  ,45-49,115,110411,4710199010372,2,24,30",
                "11/13/2000,00418683  ,45-49,115,120107,4710857472535,99,48,46",
            )
        },
        2,
        {},
        ("2000-11-01 00:00:00", "purchase", "4710199010372", "01104905", 30.0, 2.0),
    ),
    "complete_journey": (
        {
            "transactions.parquet": parquet(
                {
                    **{"household_id": "900", "store_id": "330", "basket_id": "31198570044"},
                    **{"product_id": "1095275", "quantity": 0.0, "sales_value": 0.5},
                    "transaction_timestamp": datetime.datetime(2017, 1, 1, 11, 53, 26),
                },
            )
        },
        1,
        {},
        ("2017-01-01 11:53:26", "purchase", "1095275", "900", 0.5, 1.0),
    ),
    "superstore": (
        {
            "superstore.csv": text(
                "Row ID,Order ID,Order Date,Ship Date,Customer ID,Product ID,Category,Sub-Category,"
                "Product Name,Sales,Quantity,Discount,Profit",
                "1,CA-1,08-11-16,11-11-16,CG-1,FUR-1,Office Supplies,Art,Pen,8,2,0,1",
                "2,CA-2,25-12-16,28-12-16,CG-2,FUR-1,Office Supplies,Art,Pen,8,2,0,1",
            )
        },
        2,
        {},
        ("2016-11-08 00:00:00", "purchase", "FUR-1", "CG-1", 4.0, 2.0),
    ),
    "book_crossing": (
        {
            "BX-Book-Ratings.csv": text(
                '"User-ID";"ISBN";"Book-Rating"',
                '"276725";"034545104X";"0"',
                '"276726";"0155061é24";"8"',
                encoding="cp1252",
            )
        },
        2,
        {},
        (None, "rating", "0155061é24", "276726", None, 8.0),
    ),
    "steam": (
        {
            "steam-200k.csv": text(
                "151603712,Skyrim,purchase,1.0,0",
                "151603712,Skyrim,play,273.0,0",
                '59945701,"Dead Space, the first",purchase,1.0,0',
            )
        },
        3,
        {},
        (None, "purchase", "Dead Space, the first", "59945701", None, 1.0),
    ),
    "steam_hours": (
        {
            "steam-200k.csv": text(
                "user-id,game-title,value,", "151603712,Skyrim,0,1", "151603712,Spore,14.9,"
            )
        },
        2,
        {},
        (None, "play", "Skyrim", "151603712", None, 0.0),
    ),
    "lastfm": (
        {"user_artists.dat": text("userID\tartistID\tweight", "2\t51\t0", "2\t52\t0")},
        2,
        {},
        (None, "listening", "51", "2", None, 0.0),
    ),
    "amazon_reviews": (
        {"All_Beauty.jsonl": records(AMAZON, {**AMAZON, "user_id": None})},
        1,
        {"missing user_id": 1},
        ("2020-05-05 14:08:48.923", "rating", "P1", "A", None, 4.0),
    ),
    "amazon_reviews_2018": (
        {"All_Beauty.json": records(AMAZON_2018)},
        1,
        {},
        ("2020-05-05 00:00:00", "rating", "B1", "A", None, 5.0),
    ),
    "shopify": (
        {
            "orders_export.csv": text(
                f"{SHOPIFY},Vendor",
                "#1,Ann@x.example,2025-12-06 06:34:20 -0500,2025-12-06 06:34:20 -0500,2,Cup,9.5,,V",
                "#1,ann@x.example,,2025-12-06 06:34:20 -0500,1,Plate,9.5,PL-1,V",
                "#2,,,2025-12-06 07:00:00 -0500,1,Plate,9.5,PL-1,V",
            )
        },
        2,
        {"missing user_id": 1},
        ("2025-12-06 11:34:20", "purchase", "Cup", "ann@x.example", 9.5, 2.0),
    ),
    "ga4": (
        {
            "events.parquet": parquet(
                {**GA4, "event_name": "view_item", "items": [GA4_ITEM]},
                {**GA4, "event_name": "view_item_list", "items": [GA4_ITEM] * 5},
                {
                    **{**GA4, "event_name": "purchase"},
                    "items": [GA4_ITEM, {**GA4_ITEM, "item_id": "(not set)"}],
                },
                {**GA4, "event_name": "page_view", "items": []},
            )
        },
        2,
        {"null text as product_id (null_texts)": 1},
        ("2024-01-05 10:00:00", "purchase", "p", "7.1", 9.5, None),
    ),
    "segment": (
        {
            "calls.json": records(
                {**SEGMENT, "event": "Product Viewed", "properties": CUP},
                {**SEGMENT, "event": "Product Viewed", "properties": {"name": "Plate"}},
                {**SEGMENT, "event": "Signed Up", "properties": {"plan": "gold"}},
                {**SEGMENT, "type": "page", "event": None, "properties": {"url": "/"}},
                {
                    **{**SEGMENT, "timestamp": "2024-01-05T09:00:00.000Z", "userId": "u1"},
                    **{"event": "Order Completed"},
                    "properties": {"order_id": "o", "products": [CUP, {**CUP, "product_id": "p2"}]},
                },
            )
        },
        3,
        {"missing product_id": 1},
        ("2024-01-05 09:00:00", "order completed", "p1", "u1", 9.5, None),
    ),
    "snowplow": (
        {
            "events.parquet": parquet(
                {**SNOWPLOW, ACTION: {"type": "product_view"}, PRODUCTS: [SNOWPLOW_CUP]},
                {
                    **{**SNOWPLOW, ACTION: {"type": "transaction"}},
                    PRODUCTS: [SNOWPLOW_CUP, {**SNOWPLOW_CUP, "id": None}],
                },
                {**SNOWPLOW, ACTION: {"type": "list_view"}, PRODUCTS: [SNOWPLOW_CUP] * 5},
                {**SNOWPLOW, "event_name": "page_view", ACTION: None, PRODUCTS: None},
            )
        },
        2,
        {"missing product_id": 1},
        ("2024-01-05 10:00:00", "product_view", "p1", "d", 9.5, None),
    ),
    "woocommerce": (
        {
            "orders.json": json.dumps(
                [
                    ORDER,
                    {**ORDER, "id": 728, "status": "cancelled"},
                    {
                        **{**ORDER, "id": 729, "date_created_gmt": "2024-01-05T09:00:00"},
                        **{"customer_id": 26, "line_items": [ORDER_LINE]},
                    },
                    {**ORDER, "id": 730, "billing": {"first_name": "", "email": ""}},
                ]
            ).encode()
        },
        3,
        {"missing user_id": 2},
        ("2024-01-05 09:00:00", "purchase", "93", "26", 9.5, 2.0),
    ),
    "olist": (
        {
            "olist_order_items_dataset.csv": text(
                "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value",
                *[f"o1,{item},p1,s,2017-09-19 09:45:35,58.90,13.29" for item in (1, 2)],
                "o2,1,p1,s,2017-09-19 09:45:35,58.90,13.29",
            ),
            "olist_orders_dataset.csv": text(
                "order_id,customer_id,order_status,order_purchase_timestamp",
                "o1,c1,delivered,2017-09-13 08:59:02",
            ),
            "olist_customers_dataset.csv": text("customer_id,customer_unique_id", "c1,u1"),
            "olist_products_dataset.csv": text("product_id,product_category_name", "p1,toys"),
        },
        2,
        {"missing user_id": 1},
        ("2017-09-13 08:59:02", "purchase", "p1", "u1", 58.9, 1.0),
    ),
    "instacart": (
        {
            "order_products__prior.csv": text(
                "order_id,product_id,add_to_cart_order,reordered", "2,33120,1,1", "1,28985,1,1"
            ),
            "orders.csv": text(
                "order_id,user_id,eval_set,order_number,order_dow,order_hour_of_day,"
                "days_since_prior_order",
                "2,7,prior,2,3,09,15.0",
                "1,7,prior,1,2,08,",
            ),
            "products.csv": text(
                "product_id,product_name,aisle_id,department_id",
                "33120,Eggs,86,16",
                "28985,Kale,83,4",
            ),
        },
        2,
        {},
        ("2016-01-01 08:00:00", "purchase", "28985", "7", None, None),
    ),
}
