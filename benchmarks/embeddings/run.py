"""Quality of walk embeddings against seconds of training, one parameter at a time.

    python benchmarks/embeddings/run.py --events EVENTS.parquet --task session --until 2020-02-01

Graph and walks use the history before a cut; quality is measured on the slice after it. Both are
before ``--until``: a benchmark's targets are never read. README.md has the results.
"""

import argparse
import itertools
import json
import logging
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
from scipy import sparse

from longtail.kernels.corpus import write_corpus, write_tokens
from longtail.kernels.graph import Graph, graph_from_edges
from longtail.kernels.shared_negatives import train_shared_negatives
from longtail.kernels.skipgram import Embeddings, train_skipgram
from longtail.kernels.walks import walks_to_arrow

TOP = 20
POPULARITIES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Budget:
    """The varied parameters. The walk's p and q stay 1: they change the result, not the cost."""

    walks_per_node: int = 10
    walk_length: int = 20
    window: int = 5
    dimensions: int = 64
    negative: int = 5
    ns_exponent: float = 0.75
    sample: float = 0.0
    epochs: int = 1
    learning_rate: float = 0.025
    trainer: str = "gensim"


TRAINERS = {
    "gensim": (write_corpus, train_skipgram),
    "numba": (write_tokens, train_shared_negatives),
}
VARIED = {
    "walks_per_node": (1, 2, 5, 10, 20, 40),
    "walk_length": (5, 10, 20, 40, 80),
    "window": (1, 2, 3, 5, 10),
    "dimensions": (16, 32, 64, 128, 256),
    "negative": (2, 5, 10, 20),
    "ns_exponent": (-0.5, 0.0, 0.25, 0.5, 0.75, 1.0),
    "sample": (0.0, 1e-2, 1e-3, 1e-4, 1e-5),
    "epochs": (1, 2, 4),
    "learning_rate": (0.0125, 0.025, 0.05, 0.1),
}


@dataclass(frozen=True)
class Case:
    """A graph of the history, and questions with answers from the slice after it.

    ``products`` are the ids of the nodes. ``asked`` holds a row of product weights per question,
    ``answers`` and ``excluded`` rows of 0 and 1.
    """

    graph: Graph
    products: np.ndarray
    asked: sparse.csr_array
    answers: sparse.csr_array
    excluded: sparse.csr_array


def main() -> None:
    """Print a line of the table for each budget."""
    options = parse(parser_of(__doc__))
    if not options.events.is_file():
        sys.exit(f"skipped: there is no events file {options.events}")
    logging.basicConfig(level=logging.WARNING)
    case = read_case(options)
    print(
        f"{options.events.stem}: {case.graph.node_count:,} products, "
        f"{len(case.graph.indices) // 2:,} edges, {case.asked.shape[0]:,} questions"
    )
    base = replace(Budget(), **dict(read_setting(text) for text in options.set))
    start = previous_build(case, options, base) if options.warm_days else None
    print(header())
    for budget in budgets(base, options.vary):
        result = measure(case, budget, options.seed, start)
        print(line(budget, base, result), flush=True)
        if options.output:
            with open(options.output, "a") as file:
                file.write(
                    json.dumps({"events": options.events.stem} | asdict(budget) | result) + "\n"
                )


def parser_of(description: str | None) -> argparse.ArgumentParser:
    """Return the parser of a script beside this one, for options of its own."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Read the command line: the options that all scripts here have, and the parser's own."""
    parser.add_argument("--events", type=Path, required=True, help="parquet of events")
    parser.add_argument(
        "--task",
        choices=("session", "user", "set"),
        default="session",
        help="session: next product of a session; user: new products of a user after a cut; "
        "set: an eighth of each user's products, for events without an order",
    )
    parser.add_argument(
        "--until", help="timestamp; later events are not read (the benchmark's own)"
    )
    parser.add_argument("--validate-days", type=float, default=3, help="slice before --until")
    parser.add_argument("--pair-window", type=int, default=10, help="0: all pairs of a session")
    parser.add_argument("--pair-decay", type=float, default=0.8)
    parser.add_argument("--max-neighbours", type=int, default=50)
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="base value"
    )
    parser.add_argument(
        "--vary",
        action="append",
        metavar="NAME=V1,V2",
        help="values of one parameter, the rest as in the base; "
        "several joined by ; for all their combinations; 'none' for the base alone",
    )
    parser.add_argument("--questions", type=int, default=4000, help="at most so many are asked")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--warm-days",
        type=float,
        default=0,
        help="start from vectors of the same shop, trained by the base so many days earlier",
    )
    parser.add_argument("--output", type=Path, help="append each line as JSON")
    return parser.parse_args()


def read_setting(text: str) -> tuple[str, int | float]:
    """NAME=VALUE, typed as in Budget."""
    name, value = text.split("=")
    return name, type(getattr(Budget(), name))(value)


def budgets(base: Budget, vary: list[str] | None) -> list[Budget]:
    """List the base and each change of it, without duplicates."""
    if vary is None:
        vary = [f"{name}=" + ",".join(map(str, values)) for name, values in VARIED.items()]
    found = [base]
    for group in vary:
        if group == "none":
            continue
        axes = []
        for axis in group.split(";"):
            name, values = axis.split("=")
            axes.append([read_setting(f"{name}={value}") for value in values.split(",")])
        found += [replace(base, **dict(choice)) for choice in itertools.product(*axes)]
    return list(dict.fromkeys(found))


def read_case(options: argparse.Namespace, *, older_days: float = 0) -> Case:
    """Build graph and questions; a graph of an older history when ``older_days`` is given."""
    connection = duckdb.connect()
    connection.execute("set preserve_insertion_order = false")
    # A fixed number of partial sums in a fixed order gives the same edges in each run.
    connection.execute("set threads = 1")
    read_events(connection, options)
    split(connection, options)
    connection.execute(f"""
        delete from history where happened_at >
            (select max(happened_at) from history) - to_seconds({86400 * older_days})""")
    connection.execute("""
        create table nodes as
        select product_id, row_number() over (order by product_id) - 1 as node_id
        from (select distinct product_id from history)""")
    found = connection.execute("select product_id from nodes order by node_id").fetchnumpy()
    products = np.asarray(found["product_id"], dtype=object)
    asked, answers, excluded = questions(connection, len(products))
    graph = edges(connection, options, len(products))
    return Case(graph, products, asked, answers, excluded)


def read_events(connection: duckdb.DuckDBPyConnection, options: argparse.Namespace) -> None:
    """Table ``events``: user_id, session_id, product_id, happened_at."""
    source = f"read_parquet('{options.events}')"
    columns = {row[0] for row in connection.execute(f"describe from {source}").fetchall()}
    if "InvoiceNo" in columns:  # UCI Online Retail: sales of products to known customers
        select = f"""
            select CustomerID as user_id, InvoiceNo as session_id, StockCode as product_id,
                InvoiceDate::timestamp as happened_at
            from {source}
            where CustomerID is not null and not starts_with(InvoiceNo, 'C')
                and Quantity::double > 0 and regexp_matches(StockCode, '^[0-9]{{5}}')"""
    else:
        select = f"""
            select user_id, user_session as session_id, product_id,
                event_time::timestamp as happened_at
            from {source}"""
    until = f"where happened_at < '{options.until}'::timestamp" if options.until else ""
    connection.execute(f"create table events as select * from ({select}) {until}")


def split(connection: duckdb.DuckDBPyConnection, options: argparse.Namespace) -> None:
    """Tables ``history`` and ``later``, and ``pairs``: question, product, weight, answer or not."""
    if options.task == "set":
        later = "substr(md5(user_id || ' ' || product_id), 1, 1) in ('0', '1')"
    else:
        seconds = options.validate_days * 86400
        later = f"happened_at >= (select max(happened_at) from events) - to_seconds({seconds})"
    connection.execute(f"create table history as select * from events where not ({later})")
    connection.execute(f"create table later as select * from events where {later}")
    known = "product_id in (select product_id from history)"
    if options.task == "session":
        # .7 a step back was best on RetailRocket's covisits.
        connection.execute(f"""
            create table pairs as
            with positions as (
                select session_id as question, product_id,
                    row_number() over (
                        partition by session_id order by happened_at desc, product_id) as back
                from later where {known})
            select question, product_id, back = 1 as is_answer, pow(0.7, back - 2) as weight,
                false as is_excluded
            from positions where back <= 20""")
    else:
        connection.execute(f"""
            create table pairs as
            with days as (
                select user_id as question, product_id,
                    date_diff('hour', max(happened_at), any_value(last_at)) / 24 as age
                from history, (select max(happened_at) as last_at from history) group by all),
            fresh as (
                select distinct user_id as question, product_id from later
                where {known}
                    and (user_id, product_id) not in (select (user_id, product_id) from history))
            select question, product_id, false as is_answer, pow(0.5, age / 60) as weight,
                true as is_excluded
            from days
            union all
            select question, product_id, true, 0, false from fresh""")
    connection.execute("""
        delete from pairs where question in (
            select question from pairs group by 1
            having not bool_or(is_answer) or bool_and(is_answer))""")
    connection.execute(f"""
        delete from pairs where question not in (
            select question from pairs group by 1 order by md5(question) limit {options.questions})
        """)


def questions(connection: duckdb.DuckDBPyConnection, nodes: int) -> list[sparse.csr_array]:
    """Matrices of Case, one row per question, weights of a row summing to 1."""
    rows = connection.execute("""
        select dense_rank() over (order by question) - 1 as row, node_id, weight,
            is_answer, is_excluded
        from pairs join nodes using (product_id)
        order by row, node_id""").fetchnumpy()
    shape = (int(rows["row"].max()) + 1, nodes)

    def matrix(kept: np.ndarray, values: np.ndarray) -> sparse.csr_array:
        return sparse.csr_array((values[kept], (rows["row"][kept], rows["node_id"][kept])), shape)

    answer = np.asarray(rows["is_answer"])
    asked = matrix(~answer, np.asarray(rows["weight"], dtype=np.float64))
    asked = sparse.csr_array(sparse.diags_array(1 / asked.sum(axis=1)) @ asked)
    ones = np.ones(len(answer))
    return [asked, matrix(answer, ones), matrix(np.asarray(rows["is_excluded"]), ones)]


def edges(connection: duckdb.DuckDBPyConnection, options: argparse.Namespace, nodes: int) -> Graph:
    """Cosine-normalised co-occurrence in a session, the strongest few edges per product."""
    near = f"and b.place - a.place <= {options.pair_window}" if options.pair_window else ""
    decay = f"pow({options.pair_decay}, b.place - a.place - 1)" if options.pair_window else "1.0"
    found = connection.execute(f"""
        with steps as (
            select session_id, node_id, happened_at,
                lag(node_id) over (partition by session_id order by happened_at, node_id) as before
            from history join nodes using (product_id)),
        places as (
            select session_id, node_id,
                row_number() over (partition by session_id order by happened_at, node_id) as place
            from steps where before is distinct from node_id),
        together as (
            select session_id, least(a.node_id, b.node_id) as source,
                greatest(a.node_id, b.node_id) as target, max({decay}) as weight
            from places as a join places as b using (session_id)
            where b.place > a.place {near} and a.node_id <> b.node_id
            group by all),
        counts as (select source, target, sum(weight) as weight from together group by all),
        both_ways as (
            select source, target, weight from counts
            union all select target, source, weight from counts),
        degrees as (select source as node_id, sum(weight) as degree from both_ways group by 1),
        normal as (
            select b.source, b.target, b.weight / sqrt(s.degree * t.degree) as weight
            from both_ways as b
            join degrees as s on s.node_id = b.source
            join degrees as t on t.node_id = b.target),
        ranked as (
            select *, row_number() over (
                partition by source order by weight desc, target) as rank
            from normal)
        select least(source, target) as source, greatest(source, target) as target,
            max(weight) as weight
        from ranked where rank <= {options.max_neighbours}
        group by all order by all""").fetchnumpy()
    return graph_from_edges(found["source"], found["target"], found["weight"], node_count=nodes)


def previous_build(case: Case, options: argparse.Namespace, base: Budget) -> dict[str, np.ndarray]:
    """Vectors of an earlier history, in the node order of this one; zeros for new products."""
    older = read_case(options, older_days=options.warm_days)
    model = train(older, base, options.seed)["model"]
    place = {product: node for node, product in enumerate(older.products)}
    node = np.array([place.get(product, -1) for product in case.products])
    print(f"warm start from {options.warm_days:g} days earlier: {(node < 0).sum():,} new products")
    sides = {"initial_vectors": model.vectors, "initial_context_vectors": model.context_vectors}
    return {name: np.where(node[:, None] >= 0, rows[node], 0) for name, rows in sides.items()}


def train(
    case: Case, budget: Budget, seed: int, start: dict[str, np.ndarray] | None = None
) -> dict:
    """Walk, write the corpus and train; return the model and its cost."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "walks.txt"
        started = time.perf_counter()
        walks = walks_to_arrow(
            case.graph,
            walks_per_node=budget.walks_per_node,
            walk_length=budget.walk_length,
            seed=seed,
            threads=1,
        )
        write, learn = TRAINERS[budget.trainer]
        size = write(walks, corpus)
        walked = time.perf_counter()
        used = time.thread_time()
        model = learn(
            corpus,
            node_count=case.graph.node_count,
            dimensions=budget.dimensions,
            window=budget.window,
            negative=budget.negative,
            ns_exponent=budget.ns_exponent,
            sample=budget.sample,
            epochs=budget.epochs,
            learning_rate=budget.learning_rate,
            seed=seed,
            **(start or {}),
        )
        # CPU seconds, to exclude other work on the machine.
        trained = time.thread_time() - used
    return {
        "model": model,
        "tokens": size.tokens * budget.epochs,
        "walk_seconds": walked - started,
        "train_seconds": trained,
    }


def measure(
    case: Case, budget: Budget, seed: int, start: dict[str, np.ndarray] | None
) -> dict[str, float]:
    """Train, and score by cosine and by context at each popularity."""
    result = train(case, budget, seed, start)
    return result | measured(case, result.pop("model"))


def measured(case: Case, model: Embeddings) -> dict[str, float]:
    """Recall by cosine and by context at each popularity."""
    found = {"cosine": recall(case, *cosine_sides(model))}
    for popularity in POPULARITIES:
        found[f"context_{popularity}"] = recall(case, *context_sides(model, popularity))
    return found


def cosine_sides(model: Embeddings) -> tuple[np.ndarray, np.ndarray]:
    """Arrays whose inner product is the cosine."""
    norms = np.linalg.norm(model.vectors, axis=1, keepdims=True)
    unit = model.vectors / np.where(norms > 0, norms, 1)
    return unit, unit


def context_sides(model: Embeddings, popularity: float) -> tuple[np.ndarray, np.ndarray]:
    """Arrays whose inner product is in.out + popularity * log(frequency)."""
    seen = model.frequency > 0
    frequency = np.log(np.where(seen, model.frequency, 1))
    # Rows of frequency 0 are never recommended: score them far below all others.
    column = np.where(seen, popularity * frequency, -1e3)[:, None].astype(np.float32)
    ones = np.ones((len(column), 1), dtype=np.float32)
    return np.hstack([model.vectors, ones]), np.hstack([model.context_vectors, column])


def recall(case: Case, asking: np.ndarray, database: np.ndarray, block: int = 1024) -> float:
    """Mean over questions of the share of answers in the top 20 (one answer: the hit rate)."""
    total = 0.0
    for first in range(0, case.asked.shape[0], block):
        rows = slice(first, first + block)
        scores = (case.asked[rows] @ asking).astype(np.float32) @ database.T
        blocked = case.excluded[rows].tocoo()
        scores[blocked.row, blocked.col] = -np.inf
        top = np.argpartition(-scores, TOP, axis=1)[:, :TOP]
        answers = case.answers[rows].tocoo()
        hit = (top[answers.row] == answers.col[:, None]).any(axis=1)
        hits = np.bincount(answers.row, hit, minlength=len(scores))
        total += (hits / np.bincount(answers.row, minlength=len(scores))).sum()
    return total / case.asked.shape[0]


def header() -> str:
    """Head of the table."""
    names = ["changed", "M tokens", "walk s", "train s", "M tok/s", "cosine"]
    names += [f"a={popularity:g}" for popularity in POPULARITIES]
    return "| " + " | ".join(names) + " |\n" + "|" + " --- |" * len(names)


def line(budget: Budget, base: Budget, result: dict[str, float]) -> str:
    """One line of the table: the changes from the base, and the figures."""
    changed = [
        f"{name} {value}" for name, value in asdict(budget).items() if value != getattr(base, name)
    ]
    tokens = result["tokens"] / 1e6
    cells = [
        ", ".join(changed) or "base: " + ", ".join(f"{k} {v}" for k, v in asdict(budget).items()),
        f"{tokens:.2f}",
        f"{result['walk_seconds']:.1f}",
        f"{result['train_seconds']:.1f}",
        f"{tokens / result['train_seconds']:.2f}",
        f"{result['cosine']:.4f}",
        *(f"{result[f'context_{popularity}']:.4f}" for popularity in POPULARITIES),
    ]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
