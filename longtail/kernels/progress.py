"""Progress of long work: a bar on a terminal, log lines elsewhere."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
_LOGGER = logging.getLogger(__name__)
QUICK = 1.0
"""Seconds before the first log line."""


def track(iterable: Iterable[Item], total: int, label: str) -> Iterator[Item]:
    """Yield the items of `iterable` and report how many are done.

    A tqdm bar when stderr is a terminal; otherwise one log line (level INFO, logger
    ``longtail.kernels.progress``) at each tenth of `total`, after the first second.

    Parameters
    ----------
    iterable
        The work, one item per unit.
    total
        Number of items expected; 0 or more. A wrong number only spoils the report.
    label
        What is counted, for example ``"walks"``.

    Yields
    ------
    Item
        The items of `iterable`, unchanged and in order.
    """
    if sys.stderr.isatty():
        yield from tqdm(iterable, total=total, desc=label)
        return
    started = time.perf_counter()
    reported_tenths = 0
    for done, item in enumerate(iterable, start=1):
        yield item
        tenths = 10 * done // total if total > 0 else 0
        seconds = time.perf_counter() - started
        if tenths > reported_tenths and seconds >= QUICK:
            reported_tenths = tenths
            _LOGGER.info("%s: %d of %d, %.1f s", label, done, total, seconds)
