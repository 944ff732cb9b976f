"""A made-up published database for the report."""

from pathlib import Path

import duckdb

HOSTILE = "<script>alert(1)</script>"
CLOSING = "</script><img src=x onerror=alert(2)>"

# A shop of {n} products: a spiral of clusters on the map, texts that attempt injection.
SHOP = """
create table products as
select
    'p' || i as product_id, i::integer as product_key,
    case when i = 1 then $closing end as product_name,
    'c1' as category_id,
    case when i % 7 > 0 then 'group_' || (i % 12) || '.kind_' || (i % 40) || '.part' end
        as category_code,
    'group_' || (i % 12) as level_1,
    case when i % 5 = 0 then $hostile when i % 3 > 0 then 'brand ' || (i % 90) end as brand,
    case when i % 11 > 0 then round(5 + i * 0.37 % 200, 2) end as price,
    case i % 3 when 0 then 'https://shop.example/p?id=' || i || '&x="<b>"'
        when 1 then 'javascript:alert(3)' end as url,
    (10000 / (1 + i))::bigint as interactions, (200 / (1 + i))::bigint as purchases,
    timestamp '2024-01-01' as first_seen_at, cast(null as varchar) as currency
from range($n) as numbers (i);
create table product_map as
select
    product_id,
    (product_key % 40) * cos(product_key % 40) + hash(product_key) % 600 / 100 as x,
    (product_key % 40) * sin(product_key % 40) + hash(product_key + 1) % 600 / 100 as y,
    hash(product_key) % 9 as x3, hash(-product_key) % 90 / 10 as y3, product_key % 40 / 4 as z3,
    (product_key % 40)::integer as cluster_id,
    'group_' || (product_key % 12) || '.kind_' || (product_key % 40) || ' · ' || $hostile
        as cluster_label
from products;
create table similar_products as
select
    'p' || i as product_id, relation, rank::integer as rank,
    'p' || ((i + rank * if(relation = 'substitute', 40, 13)) % $n) as similar_product_id,
    1.0 / rank as score, if(rank = 5, 'popular in shop', 'graph') as source,
    ((i + rank) % 4)::bigint as sessions_together
from range($n) as numbers (i), range(1, 13) as ranks (rank),
    (values ('substitute'), ('complement')) as relations (relation);
create table int_user_keys as
select case when i = 0 then $hostile else 'user ' || i end as user_id, i::integer as user_key
from range(400) as users (i);
create table int_user_histories as
select 'published' as scope, i::integer as user_key, (i * place % $n)::integer as product_key
from range(380) as users (i), range(1, 13) as places (place) where place <= 1 + i % 12;
create table int_interactions as
select
    user_key, product_key, timestamp '2024-01-05' + to_hours(product_key % 90) as event_at,
    if(product_key % 5 = 0, 'cart', 'view') as event_type, 1.0 as event_weight
from int_user_histories;
create table user_recommendations as
select
    users.user_id, rank::integer as rank, 'p' || (users.user_key * 3 + rank) % $n as product_id,
    1.0 / rank as score,
    case when rank >= 15 then 'popular in shop' when rank = 2 then 'seen before' else 'graph' end
        as source,
    if(rank < 15, 'p' || users.user_key % $n, null) as because_product_id,
    if(rank < 15, 'view', null) as because_event_type, rank in (2, 16) as is_seen
from int_user_keys as users, range(1, 21) as ranks (rank);
create table model_metrics as
select
    model, 'next interaction' as task, 'all' as segment, metric, 20 as k,
    value * if(metric = 'coverage', 3.0::double, 1) as value,
    0.9::double * value as lower, 1.1::double * value as upper
from (values ('hybrid', 0.26), ('covisit', 0.25), ('popularity', 0.11)) as models (model, value),
    (values ('recall'), ('ndcg'), ('coverage')) as metrics (metric);
create table popularity_dial as
select
    popularity, 0.2::double - popularity / 20 as recall,
    0.5::double + popularity / 10 as coverage
from (values (-1::double), (0), (1)) as settings (popularity);
create table long_tail_exposure as
select
    timestamp '2024-02-01' as built_at, model, decile::integer as decile,
    0.1 as share_of_products, (11 - decile) / 55 as share_of_interactions,
    0.1 as share_of_slots
from (values ('hybrid'), ('popularity')) as models (model), range(1, 11) as deciles (decile);
create table cleaning_report as
select * from (values ('kept', 'clean event', 900, 380), ('rejected', $hostile, 40, null),
    ('cleaned', 'robot', 60, 3)) as rules (step, rule, events, users);
create table rejected_events as
select 'events.csv' as source_file, $closing as raw_values, $hostile as reason from range(40);
create table product_edges as select 'p1' as source_product_id from range(5);
create table release_gates as
select
    gate, status, 1.0::double as value, 0.5::double as threshold,
    if(status = 'undecided', $hostile, null) as message
from (values ('coverage', 'passed'), ('edges', 'passed'), ('recall', 'undecided'))
    as gates (gate, status);
create table build_figures as
select
    timestamp '2024-02-03' - to_days(builds_ago) as built_at, builds_ago, figure,
    value - builds_ago * change as value, value - builds_ago * change - width as lower,
    value - builds_ago * change + width as upper
from range(3) as builds (builds_ago), (values
    ('recall@20', 0.26::double, 0.1::double, 0.01::double), ('coverage', 0.8, 0.01, 0.05),
    ('users', 300.0, 10.0, null))
    as figures (figure, value, change, width);
create table hidden_winners as
select
    i::integer as rank, 'p' || (40 - i) as product_id, 9 as users, 4 as purchases,
    0.4::double as purchase_rate, 0.05::double as shop_rate, 12 as users_recommended_to
from range(1, 31) as winners (i);
create table products_nobody_finds as
select
    i::integer as rank, 'p' || i as product_id, 2 as users, 'p0' as beside_product_id,
    3 as popular_products_beside
from range(1, 4) as hidden (i);
create table top_movers as
select
    i::integer as rank, 'p' || i as product_id, 10 as interactions_before,
    30 as interactions_after, 12.0::double as expected_after, 5.0 - i as surprise
from range(1, 6) as movers (i);
create table abandoned_carts as
from (values (1, 'group_1.kind_1.part', 8, 6, 0.75, 120.5), (2, null, 4, 1, 0.25, null),
    (3, '=cmd()', 4, 0, 0.0, 0.0))
    as carts (rank, category_code, carts, abandoned, abandoned_share, value_left);
create table cheaper_substitutes as
select
    1 as rank, 'p2' as product_id, 5.74::double as price, 'p49' as cheaper_product_id,
    5.0::double as cheaper_price, 0.13::double as saved_share;
create table category_flow as
select
    i::integer as rank, 'group_1.kind_' || i as category_code,
    '=group_2.kind_' || i as next_category_code, 40 as moves, 3.5::double as lift
from range(1, 4) as flow (i);
create table brand_flow as
select
    1 as rank, 'group_1.kind_1.part' as category_code, 'brand 1' as from_brand,
    $hostile as to_brand, 9 as sessions, 2 as sessions_back, 7 as net_sessions,
    2.1::double as surprise;
create table experiment_verdicts as
select
    experiment, 900 as users, 880 as control_users, clicked as share_clicked,
    0.05::double as control_share_clicked, clicked - 0.05 as difference,
    clicked - 0.06 as lower, clicked - 0.04 as upper, 0.014::double as detectable_difference,
    verdict
from (values ('tail', 0.081::double, 'better'), ('same', 0.0495, 'level'),
    ('young', null, 'too few')) as experiments (experiment, clicked, verdict);
create table build_info as
select
    'build ' || i as build_id, timestamp '2024-02-01' + to_days(i::integer) as built_at,
    $hostile as events_read, '{"window": 5, "blend": {"covisit": 1}}' as settings,
    960 + i as events_kept, 40 as events_rejected, 900 as events_clean, 700 as events_learned,
    300 as users_learned, 1234567 as catalogue_products, timestamp '2024-01-01' as first_event_at,
    timestamp '2024-01-30' as last_event_at, timestamp '2024-01-29' as graph_cutoff_at
from range(3) as builds (i);
"""


def make_shop(folder: Path, products: int) -> Path:
    """Write a database like a published one, of `products` products."""
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "longtail.duckdb"
    values = {"n": products, "hostile": HOSTILE, "closing": CLOSING}
    with duckdb.connect(str(database)) as connection:
        for statement in duckdb.extract_statements(SHOP):
            wanted = {name: values[name] for name in statement.named_parameters}
            connection.execute(statement, wanted)
    return database
