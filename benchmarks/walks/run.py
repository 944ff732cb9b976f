"""Compare walk samplers and print a table: ``python benchmarks/walks/run.py --help``."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(HERE))

from graphs import gowalla_graph, session_graph  # noqa: E402 (needs the paths above)

from longtail.kernels.graph import Graph  # noqa: E402 (needs the paths above)

SETTINGS = ((1.0, 1.0), (0.5, 2.0), (2.0, 0.5))
# Passes over all nodes: enough to time, few enough to finish soon.
PEER_PASSES = {"csrgraph": 1, "fastnode2vec": 1, "pecanpy": 1, "grape": 1, "grape_unweighted": 1}
NAMES = {
    "longtail": "longtail",
    "csrgraph": "csrgraph 0.1.28",
    "fastnode2vec": "fastnode2vec 0.0.7",
    "pecanpy": "PecanPy 2.0.9",
    "grape": "GRAPE (ensmallen 0.8.100)",
    "grape_unweighted": "GRAPE, weights ignored",
}


def make_peers(folder: Path) -> Path:
    """Create the peers' environment unless it exists; return its python."""
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        venv.create(folder, with_pip=True)
        requirements = str(HERE / "requirements-peers.txt")
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
        (folder / "ready").touch()
    return python


def measure(python: Path, sampler: str, graph: Path, timeout: int, **options) -> dict:
    """Run the worker; a failure counts as a result."""
    command = [str(python), str(HERE / "worker.py"), sampler, str(graph)]
    command += [word for name, value in options.items() for word in (f"--{name}", str(value))]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return {"error": f"no result in {timeout} s"}
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        return {"error": lines[-1][:90]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def describe(graph: Graph) -> str:
    """Sizes of a graph in one line."""
    degree = np.diff(graph.indptr)
    return (
        f"{graph.node_count:,} nodes, {graph.edge_count:,} directed edges, "
        f"largest degree {degree.max():,}"
    )


def compare(name: str, graph: Graph, samplers: dict[str, Path], threads: int, timeout: int) -> None:
    """Print the table of one graph."""
    show(f"\n### {name}: {describe(graph)}\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.npz"
        np.savez(path, indptr=graph.indptr, indices=graph.indices, weights=graph.weights)
        memory = measure(Path(sys.executable), "memory", path, timeout, threads=threads)
        show(
            f"Random reads of {memory['table_mb']:.0f} MB: {memory['dependent_ns']:.0f} ns each "
            f"when one waits for another, {memory['independent_reads'] / 1e6:.0f} million per CPU "
            f"second when none waits ({threads} threads).\n"
        )
        show(
            "| p, q | sampler | million steps/s | longtail is | million steps per CPU second "
            "| longtail is | peak memory, MB | of it while sampling | steps that are no edge "
            "| share of the read limit |"
        )
        show("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|")
        for p, q in SETTINGS:
            ours = None
            for sampler, python in samplers.items():
                passes = 10 if sampler == "longtail" else PEER_PASSES[sampler]
                options = {"p": p, "q": q, "passes": passes, "threads": threads}
                result = measure(python, sampler, path, timeout, **options)
                if "error" in result:
                    show(f"| {p:g}, {q:g} | {NAMES[sampler]} | {result['error']} " + "| " * 7 + "|")
                    continue
                speed = result["steps"] / result["seconds"] / 1e6
                cpu_speed = result["steps"] / result["cpu_seconds"] / 1e6
                ours = ours or (speed, cpu_speed)
                show(
                    f"| {p:g}, {q:g} | {NAMES[sampler]} | {speed:.3g} | {ours[0] / speed:.3g}x "
                    f"| {cpu_speed:.3g} | {ours[1] / cpu_speed:.3g}x "
                    f"| {result['peak_mb']:.0f} | {result['sampling_mb']:.0f} "
                    f"| {result['no_edge_share']:.2g} "
                    f"| {cpu_speed * 1e6 / memory['independent_reads']:.1%} |"
                )


def time_month(threads: int, timeout: int) -> None:
    """Print the cost of a large shop's month: 10 walks of 50 from each product."""
    graph = session_graph(212_000, 800_000, exponent=0.82, shift=10.0)
    compare("Month", graph, {"longtail": Path(sys.executable)}, threads, timeout)


def show(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gowalla", type=Path, help="parquet of Gowalla events, if at hand")
    parser.add_argument("--peers", type=Path, default=HERE / ".peers", help="environment folder")
    parser.add_argument("--only", choices=["session", "gowalla", "month"], help="one graph")
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--timeout", type=int, default=600, help="seconds for one sampler")
    arguments = parser.parse_args()
    samplers = {"longtail": Path(sys.executable)}
    if not arguments.without_peers and arguments.only != "month":
        samplers |= dict.fromkeys(PEER_PASSES, make_peers(arguments.peers))
    if arguments.only in (None, "session"):
        graph = session_graph(50_000, 105_000, exponent=0.95, shift=2.3)
        compare("Sessions", graph, samplers, arguments.threads, arguments.timeout)
    if arguments.only in (None, "gowalla") and arguments.gowalla and arguments.gowalla.exists():
        graph = gowalla_graph(arguments.gowalla)
        compare("Gowalla", graph, samplers, arguments.threads, arguments.timeout)
    if arguments.only in (None, "month"):
        time_month(arguments.threads, arguments.timeout)


if __name__ == "__main__":
    main()
