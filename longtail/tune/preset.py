"""The preset that a search writes, and its lines for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from longtail.tune.halving import Gain, Scores, paired_gain

NOT_WRITTEN = ("events", "catalogue", "impressions", "targets", "hash_user_ids")
"""Paths and secrets: given with each build."""
NESTED = ("columns", "catalogue_columns", "reject_when", "event_tables")
"""Mappings that are written over several lines."""


@dataclass(frozen=True)
class Verdict:
    """What was found, measured on the slice that the search did not see.

    Attributes
    ----------
    gains : dict
        Metric ("recall@20", "NDCG@20") of each kind of lists ("hybrid", "served") -> its gain.
    users : int
        Users measured.
    days : str
        The time that the slice holds out.
    """

    gains: dict[tuple[str, str], Gain]
    users: int
    days: str

    @property
    def deciding(self) -> list[Gain]:
        """The gains of the published lists."""
        served = [gain for (kind, _), gain in self.gains.items() if kind == "served"]
        return served or list(self.gains.values())

    @property
    def is_better(self) -> bool:
        """Whether the published lists gained, on the average of the metrics."""
        return sum(gain.mean for gain in self.deciding) > 0

    @property
    def is_certain(self) -> bool:
        """Whether an interval of the published lists' gains excludes zero, and none a gain."""
        return any(gain.low > 0 for gain in self.deciding) and all(
            gain.high > 0 for gain in self.deciding
        )


def verdict_of(
    before: Mapping[str, Scores], after: Mapping[str, Scores], users: int, days: str
) -> Verdict:
    """Return the paired gains of each kind of lists.

    Parameters
    ----------
    before, after
        Scores by kind of lists, of the start and of what was found, for the same users.
    users
        How many users.
    days
        The time that the slice holds out, in words.
    """
    gains = {}
    for kind in before:
        pairs = (("recall@20", "recall"), ("NDCG@20", "ndcg"))
        for metric, name in pairs:
            old, new = getattr(before[kind], name), getattr(after[kind], name)
            gains[kind, metric] = paired_gain(old, new)
    return Verdict(gains, users, days)


def gain_lines(verdict: Verdict) -> list[str]:
    """Return a line per metric: before, after, the gain and its interval."""
    names = {"served": "lists as served", "hybrid": "hybrid"}
    return [
        f"{names[kind]}, {metric}: {gain.before:.4f} -> {gain.after:.4f}, "
        f"{gain.mean:+.4f} ({gain.low:+.4f} to {gain.high:+.4f})"
        for (kind, metric), gain in verdict.gains.items()
    ]


def tuned_preset(
    given: Mapping[str, Any],
    found: Mapping[str, Any],
    verdict: Verdict,
    *,
    command: str,
    cost: str,
) -> str:
    """Return the text of a preset: the given vars, overridden by those found.

    Parameters
    ----------
    given
        Vars that the user gave, without paths.
    found
        Differences that the search found.
    verdict
        What they gained.
    command
        The command that builds with it.
    cost
        Trials and time, in words.
    """
    certainty = "" if verdict.is_certain else " No interval excludes zero: it may be chance."
    lines = [
        f"# Found by make tune: {cost}.",
        "#",
        f"#   {command}",
        "#",
        f"# Gained on {verdict.days} of the training history, which the search did not see,",
        f"# {verdict.users:,} users (95 % intervals, paired over users).{certainty}",
        *(f"#   {line}" for line in gain_lines(verdict)),
        "",
    ]
    kept = {name: value for name, value in given.items() if name not in NOT_WRITTEN}
    lines += _vars({name: value for name, value in kept.items() if name not in found})
    lines += ["", "# Found", *_vars(found)]
    return "\n".join(lines).rstrip() + "\n"


def change(candidate: Mapping[str, Any]) -> str:
    """Return a candidate in words."""
    parts = (f"{name} {_value(value)}" for name, value in candidate.items())
    return ", ".join(parts) or "the start"


def curve(points: Sequence[tuple[float, float, str]]) -> list[str]:
    """Return a line per new best candidate, with a bar: its gain over the first.

    Parameters
    ----------
    points
        Seconds, value and candidate in words, in order of time.
    """
    if not points:
        return []
    first, last = points[0][1], max(value for _, value, _ in points)
    lines = []
    for seconds, value, words in points:
        bar = "#" * round(20 * (value - first) / (last - first)) if last > first else ""
        lines.append(f"{seconds / 60:6.1f} min  {value:.4f}  {bar:<20}  {words}")
    return lines


def _vars(vars_: Mapping[str, Any]) -> list[str]:
    lines = []
    for name, value in vars_.items():
        if name in NESTED and value:
            lines.append(f"{name}:")
            lines += [f"  {_value(key)}: {_value(text)}" for key, text in value.items()]
        else:
            lines.append(f"{name}: {_value(value)}")
    return lines


def _value(value: Any) -> str:
    value = value.strip() if isinstance(value, str) else value
    text = yaml.safe_dump(
        value, default_flow_style=True, width=10**6, allow_unicode=True, sort_keys=False
    )
    return text.removesuffix("...\n").strip()
