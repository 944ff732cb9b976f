"""The vars that a search may change, and the candidates that it tries.

A candidate is a mapping from var to value: the differences from the vars that the search starts
with. Drawing is deterministic for a seed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Mapping
from typing import Any

SPACE: dict[str, tuple[Any, ...]] = {
    "window": (0, 3, 5, 10),
    "half_life_days": (0, 14, 30, 60, 120),
    "neighbours": (50, 100),
    "row_exponent": (1.0, 1.1, 1.2),
    "rp3_groups": ("users", "sessions"),
    "rp3_group_size": (50, 200, 1000),
    "rp3_group_exponent": (0.5, 1.0),
    "rp3_alpha": (1.0, 1.5, 2.0),
    "rp3_beta": (0.1, 0.3, 0.5, 0.7),
    "knn_groups": (50, 100, 200),
    "cosine_power": (4, 8),
    "trend_weight": (0.0, 0.2, 0.4),
    "interactions_exponent": (-0.1, 0.0, 0.1),
    "history_length": (20, 50, 100, 1000),
    "history_half_life_days": (1, 3, 7, 14, 30, 60, 120),
    "history_step_decay": (1.0, 0.9, 0.8, 0.6),
    "repeat_weight": (0.0, 0.05, 0.2, 0.5, 0.8),
    "repeat_step_decay": (1.0, 0.8),
    "exclude": ("purchased", "auto", "none"),
    "blend": (
        {"covisit": 1.0},
        {"rp3beta": 1.0},
        {"covisit": 1.0, "rp3beta": 0.5},
        {"covisit": 0.5, "rp3beta": 1.0},
        {"covisit": 1.0, "rp3beta": 0.5, "deepwalk": 0.1, "node2vec": 0.1},
        {"covisit": 1.0, "deepwalk": 0.5},
        {"rp3beta": 1.0, "group_knn": 0.5},
        {"covisit": 1.0, "rp3beta": 0.5, "group_knn": 0.5},
    ),
}
"""Values to try of each var, in an order where neighbours are alike."""

KINDS: tuple[dict[str, Any], ...] = (
    # Browsing: the order of a session says most, and products come back within it.
    {"history_step_decay": 0.8, "repeat_weight": 0.5, "half_life_days": 30, "window": 10},
    # Baskets: an order is a group without an order.
    {"rp3_groups": "sessions", "blend": {"rp3beta": 1.0}, "history_length": 1000},
    # Groceries: what was bought is bought again.
    {"exclude": "none", "repeat_weight": 0.8, "history_half_life_days": 60, "history_length": 100},
    # Taste: no sequence, all of a long history.
    {"blend": {"rp3beta": 1.0, "group_knn": 0.5}, "half_life_days": 0, "history_length": 1000},
)
"""Kinds of shops whose vars pay only together; they open the search."""

VECTORS = ("deepwalk", "node2vec", "successors")


def key(candidate: Mapping[str, Any]) -> str:
    """Return a text that is equal for equal candidates."""
    return json.dumps(candidate, sort_keys=True)


def effective(candidate: Mapping[str, Any], start: Mapping[str, Any]) -> dict[str, Any]:
    """Return a candidate without the values that change nothing.

    Parameters
    ----------
    candidate
        Differences from `start`.
    start
        Every var's value.
    """
    vars_ = {**start, **candidate}
    parts = {name for name, weight in vars_["blend"].items() if weight}
    idle = set()
    if "group_knn" not in parts:
        idle.add("knn_groups")
    if not parts & set(VECTORS):
        idle.add("cosine_power")
    if not parts & {"rp3beta", "group_knn"}:
        idle |= {name for name in SPACE if name.startswith("rp3_")}
    if not vars_["repeat_weight"]:
        idle.add("repeat_step_decay")
    return {
        name: value
        for name, value in candidate.items()
        if name not in idle and value != start[name]
    }


def propose(
    best: Mapping[str, Any],
    start: Mapping[str, Any],
    known: Collection[str],
    count: int,
    draw: random.Random,
    fixed: Collection[str] = (),
) -> list[dict[str, Any]]:
    """Return candidates near the best one: one to four of its vars changed.

    Parameters
    ----------
    best
        The best candidate so far; {} for the start.
    start
        Every var's value.
    known
        Keys of candidates that were tried; while only the start was, `KINDS` come first.
    count
        How many; fewer if the space is exhausted.
    draw
        Source of random numbers.
    fixed
        Vars that keep their value.
    """
    free = [name for name in SPACE if name not in fixed]
    kinds = [{name: kind[name] for name in kind if name in free} for kind in KINDS]
    proposed = kinds if len(known) <= 1 else []
    taken, found = set(known), []
    for trial in range(100 * count):
        if trial < len(proposed):
            changed = proposed[trial]
        else:
            names = draw.sample(free, min(len(free), draw.choice((1, 1, 2, 2, 3, 4))))
            changed = {name: draw.choice(SPACE[name]) for name in names}
        candidate = effective({**best, **changed}, start)
        if key(candidate) not in taken and len(found) < count:
            taken.add(key(candidate))
            found.append(candidate)
    return found
