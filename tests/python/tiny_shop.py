"""A shop small enough to compute every answer of the analysts' functions by hand."""

from pathlib import Path

import duckdb

from longtail.build.analyst_macros import macro_statements

# Ann looked at the phone and put the case in her cart; Bob bought the phone; Cas did nothing. The
# radio is sold out: the most popular product and near to all, it is never an answer.
SHOP = """
create schema internal;
create table products as
select * from (values
    ('phone', 1, 'Phone', 'electronics.phones', 'acme', 5e2, 100),
    ('case', 2, 'Case', 'electronics.phones.cases', 'acme', 20.0, 50),
    ('cable', 3, 'Cable', 'electronics', 'wire', 10.0, 10),
    ('sock', 4, 'Sock', 'electronicsy.socks', null, 5.0, 1),
    ('gift', 5, 'Gift', null, null, null, 2),
    ('lamp', 6, 'Lamp', 'home.lamps', 'lux', 40.0, 30),
    ('radio', 7, 'Radio', 'home.lamps', 'lux', 40.0, 300)
) as columns (product_id, product_key, product_name, category_code, brand, price, interactions);
alter table products add column currency varchar;
alter table products add column url varchar;
alter table products add column image_url varchar;
update products set image_url = 'https://shop.example/' || product_id || '.jpg'
where product_id = 'cable';
update products set currency = 'EUR', url = 'https://shop.example/' || product_id
where product_id in ('phone', 'cable', 'radio');
create table product_availability as
select
    product_id,
    product_key,
    product_id != 'radio' as is_shown,
    case when product_id = 'radio' then 'unavailable' end as withheld_as
from products;
create table internal.int_hidden_pairs as
select 'dan' as user_id, cast(null as integer) as user_key, 'phone' as product_id, 1 as product_key;
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
    ('hybrid', 1, 7, 1, 99.0), ('hybrid', 2, 7, 1, 99.0),
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
create table internal.int_serving as select 'hybrid' as model;
create table internal.int_ranked_reasons as
select * from (values
    (2, 2, 2, 'blend_rank', 'place by what was counted: 2.0', -2e-1),
    (2, 2, 1, 'repeat_place', 'place in your history: none', 0.5),
    (1, 3, 1, 'repeat_place', 'place in your history: none', 0.7)
) as columns (user_key, product_key, place, feature, words, contribution);
create table internal.int_popularity as
select * from (values
    ('published', 1, 1e2), ('published', 2, 50.0), ('published', 6, 30.0), ('published', 3, 10.0),
    ('published', 7, 500.0), ('published', 5, 2.0), ('published', 4, 1.0), ('evaluated', 4, 900.0)
) as columns (scope, product_key, score);
create table category_tree as
select * from (values
    ('electronics.phones', 'electronics'), ('electronics.phones', 'electronics.phones'),
    ('electronics.phones.cases', 'electronics'), ('electronics.phones.cases', 'electronics.phones'),
    ('electronics.phones.cases', 'electronics.phones.cases'), ('electronics', 'electronics'),
    ('electronicsy.socks', 'electronicsy'), ('electronicsy.socks', 'electronicsy.socks'),
    ('home.lamps', 'home'), ('home.lamps', 'home.lamps')
) as columns (category_code, ancestor_code);
create table internal.int_events_flagged as
select * from (values
    (1, 1, 'view', timestamp '2024-01-01 10:00', null),
    (1, 2, 'view', timestamp '2024-01-01 10:01', 'short stay'),
    (1, 2, 'cart', timestamp '2024-01-01 10:02', null),
    (2, 2, 'view', timestamp '2024-01-01 10:03', null)
) as columns (user_key, product_key, event_type, event_at, removed_as);
create table internal.int_robots as select 9 as user_key;
-- Sessions 1 to 3 go from the case to the cable, 4 the other way, 5 and 6 are of the case alone,
-- 7 is a robot's.
create table internal.int_session_steps as
select * from (values
    (1, 1, 1, 2), (1, 1, 2, 3), (2, 1, 1, 2), (2, 1, 2, 1), (2, 1, 3, 3), (3, 2, 1, 2),
    (3, 2, 2, 3), (4, 2, 1, 3), (4, 2, 2, 2), (5, 1, 1, 2), (6, 1, 1, 2), (7, 9, 1, 2), (7, 9, 2, 3)
) as columns (session_id, user_key, step, product_key);
create table build_info as
select * from (values
    ('old', timestamp '2024-01-02 03:00', timestamp '2024-01-02 01:00', 'logs', '1.10', 'v1', 'a'),
    ('new', timestamp '2024-01-03 03:00', timestamp '2024-01-03 01:00', 'logs', '1.11', 'v2', 'b')
) as columns (
    build_id, built_at, last_event_at, events_read, dbt_version, duckdb_version, git_commit
);
create table release_gates as
select * from (values ('edges', 'passed'), ('recall', 'undecided'), ('coverage', 'passed'))
    as columns (gate, status);
create table product_edges as
select * from (values ('cable', 'phone', 3e-1, 2), ('case', 'phone', 0.6, 5))
    as columns (source_product_id, target_product_id, weight, sessions_together);
"""


def publish(path: Path) -> None:
    """Write the shop's tables, the functions and the view status into a new database."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(SHOP)
        for statement in macro_statements():
            connection.execute(statement)
