"""Files that lists are scored with and peers are trained on, from the tables of a build."""

from pathlib import Path

import duckdb

# All known events precede the targets here, so the published lists are the evaluated ones.
PUBLISHED_LISTS = """
    with users as (
        select distinct user_key, user_id from int_targets join int_user_keys using (user_key)),
    excluded as (
        select user_key, product_key from int_excluded_products where scope = 'evaluated'),
    withheld as (select user_key, count(*) as products from excluded group by all),
    popular as (
        select user_id, product_key, shop_rank
        from users left join withheld using (user_key)
        join int_popularity on shop_rank <= 20 + coalesce(withheld.products, 0)
        anti join excluded using (user_key, product_key)
        where scope = 'evaluated')
    select 'hybrid' as model, user_id, product_id, rank
    from user_recommendations semi join users using (user_id)
    union all
    select 'popularity', user_id, product_id,
        row_number() over (partition by user_id order by shop_rank)
    from popular join int_product_keys using (product_key)
    qualify row_number() over (partition by user_id order by shop_rank) <= 20
"""
KEYED = """
    join int_user_keys using (user_key)
    join int_product_keys using (product_key)"""
# A peer's own search: at most this many users to score each trial on.
SEARCH_USERS = 5000
UNORDERED_SHARE = 0.2


def tables(folder: Path) -> duckdb.DuckDBPyConnection:
    """Open views over the tables of a build, published or not."""
    connection = duckdb.connect(config={"memory_limit": "4GB"})
    for file in sorted((folder / "warehouse" / ".work").glob("*.parquet")):
        if "." in file.stem or file.stem.startswith("tmp_"):
            continue  # a table's sidecar, or leftovers of a killed build
        connection.execute(f"create view {file.stem} as from read_parquet('{file}')")
    return connection


def export(folder: Path, targets: Path | None, only_hybrid: bool) -> None:
    """Write lists, targets, and the peers' training data.

    `targets` is the set's file of targets, if it has one; `only_hybrid` as in `run.Dataset`.
    """
    connection = tables(folder)
    write = writer(connection, folder)
    write(
        "interactions",
        f"""
        select distinct user_id, product_id from int_interactions {KEYED}
        where not is_holdout and event_weight > 0""",
    )
    write(
        "histories",
        f"""
        select distinct user_id, product_id from int_interactions {KEYED}
        where event_weight > 0 and {"true" if targets else "not is_holdout"}
            and user_key in (select user_key from int_targets)""",
    )
    write(
        "excluded",
        f"""
        select user_id, product_id from int_excluded_products {KEYED}
        where scope = 'evaluated'""",
    )
    write(
        "lists",
        PUBLISHED_LISTS
        if only_hybrid
        else f"""
        select model, user_id, product_id, rank from int_evaluated_recommendations {KEYED}""",
    )
    write(
        "targets",
        f"""
        select distinct user_id::varchar as user_id, product_id::varchar as product_id
        from read_parquet('{targets}')"""
        if targets
        else f"select distinct user_id, product_id from int_targets {KEYED}",
    )


def export_search(folder: Path, settings: dict) -> None:
    """Write the slice of the training history that a peer's own search may read, in `search`.

    Where the set holds out its last days, the slice holds out as many days before them. Where it
    asks for the next product, the latest users lose their last one, and nobody learns from them.
    Where its events have no order, users lose a random fifth of their products.
    """
    connection = tables(folder)
    (folder / "search").mkdir(exist_ok=True)
    write = writer(connection, folder / "search")
    connection.execute(f"""
        create table known as
        select user_id, product_id, event_at, graph_cutoff_at, last_event_at
        from int_interactions {KEYED} cross join int_timeline
        where event_weight > 0 and event_at < graph_cutoff_at""")
    if not settings.get("targets"):
        connection.execute("""
            create table slice as
            select *, event_at >= graph_cutoff_at - (last_event_at - graph_cutoff_at) as is_target,
                not is_target as is_learned
            from known""")
    elif "graph_cutoff" in settings:
        connection.execute(f"""
            create table slice as
            with asked as (
                select user_id from known group by user_id having count(*) > 1
                order by max(event_at) desc, user_id limit {SEARCH_USERS})
            select known.*, asked.user_id is not null
                and row_number() over (
                    partition by user_id order by event_at desc, product_id) = 1 as is_target,
                asked.user_id is null as is_learned
            from known left join asked using (user_id)""")
    else:
        connection.execute(f"""
            create table slice as
            with asked as (
                select user_id from known group by user_id having count(*) > 1
                order by md5(user_id) limit {SEARCH_USERS})
            select known.*, asked.user_id is not null
                and ('0x' || md5(user_id || ' ' || product_id)[:8])::bigint
                < {UNORDERED_SHARE} * 4294967296 as is_target,
                not is_target as is_learned
            from known left join asked using (user_id)""")
    write("interactions", "select distinct user_id, product_id from slice where is_learned")
    write(
        "histories",
        """
        select distinct user_id, product_id from slice where not is_target
            and user_id in (select user_id from slice where is_target)""",
    )
    excluded = f"from read_parquet('{folder / 'search' / 'histories.parquet'}')"
    if settings.get("exclude") == "none":
        excluded += " where false"
    connection.execute(f"create view excluded as {excluded}")
    write("excluded", "from excluded")
    write(
        "targets",
        """
        select distinct user_id, product_id from slice
        anti join excluded using (user_id, product_id) where is_target""",
    )


def writer(connection: duckdb.DuckDBPyConnection, folder: Path):
    """Return a function that writes a query's rows to a parquet file of the folder."""

    def write(name: str, query: str) -> None:
        connection.execute(f"copy ({query}) to '{folder / name}.parquet' (format parquet)")

    return write
