"""Rounding, sums and ageing, as the descriptions of the columns state them."""

import math
from collections.abc import Iterable
from datetime import datetime


def rounded(value: float) -> int:
    """Round to the nearest whole number, halves away from zero."""
    whole = math.floor(abs(value))
    whole += abs(value) - whole >= 0.5
    return whole if value >= 0 else -whole


def exact_sum(values: Iterable[float], scale: float) -> float:
    """Sum in whole units of 1 / scale, so that the order of the values does not matter."""
    return sum(rounded(scale * value) for value in values) / scale


def aged(age: float, half_life: float) -> float:
    """Weight at this age: 1 when new, halved at each half-life; a half-life of 0: no ageing."""
    return 0.5 ** (max(age, 0) / half_life) if half_life else 1.0


def midnights(start: datetime, end: datetime) -> int:
    """Number of midnights from start to end: age in days, below 0 when the end is earlier."""
    return (end.date() - start.date()).days
