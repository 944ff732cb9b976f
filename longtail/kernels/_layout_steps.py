"""The compiled loop of `longtail.kernels.layout`: attraction along edges, repulsion by noise.

numba's cache notices changes in a function's own file only, so all of the loop is here.
"""

import numpy as np
from numba import njit

_STRIDE = np.uint64(0x9E3779B97F4A7C15)
_NEAREST = np.float32(0.001)
_LONGEST = np.float32(4.0)


@njit(cache=True, nogil=True)
def _mix(counter):
    """Hash 64 bits: the finaliser of splitmix64, a bijection."""
    counter = (counter ^ (counter >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    counter = (counter ^ (counter >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return counter ^ (counter >> np.uint64(31))


@njit(cache=True, nogil=True)
def _squared_gap(places, one, other):
    total = np.float32(0)
    for axis in range(places.shape[1]):
        gap = places[one, axis] - places[other, axis]
        total += gap * gap
    return total


@njit(cache=True, nogil=True)
def _move(places, one, other, pull, rate, moves_both):
    """Move a point along its gap to another, and the other the opposite way; steps are clipped."""
    for axis in range(places.shape[1]):
        step = pull * (places[one, axis] - places[other, axis])
        step = min(max(step, -_LONGEST), _LONGEST) * rate
        places[one, axis] += step
        if moves_both:
            places[other, axis] -= step


@njit(cache=True, nogil=True)
def optimise(places, source, target, period, a, b, epochs, noise, seed):
    """Move the points for all epochs, in place.

    Parameters
    ----------
    places : ndarray of float32, shape (n, d)
    source, target : ndarray of int32, shape (m,)
    period : ndarray of float64, shape (m,)
        Epochs from one use of an edge to the next, at least 1.
    a, b : float32
        Of the curve 1 / (1 + a gap^2b).
    epochs, noise : int
        Passes; noise points per use of an edge.
    seed : uint64
    """
    count = np.uint64(len(places))
    noise_period = period / noise
    next_use, next_noise = period.copy(), noise_period.copy()
    draws = _mix(seed + _STRIDE)
    for epoch in range(epochs):
        rate = np.float32(1.0 - max(epoch - 1, 0) / epochs)
        for edge in range(len(source)):
            if next_use[edge] > epoch:
                continue
            one, other = source[edge], target[edge]
            gap = _squared_gap(places, one, other)
            if gap > 0:
                power = gap**b
                pull = np.float32(-2) * a * b * power / (gap * (a * power + np.float32(1)))
                _move(places, one, other, pull, rate, True)
            next_use[edge] += period[edge]

            drawn = int((epoch - next_noise[edge]) / noise_period[edge])
            for _ in range(drawn):
                draws += _STRIDE
                other = np.int64((_mix(draws) >> np.uint64(32)) * count >> np.uint64(32))
                gap = _squared_gap(places, one, other)
                if gap > 0:
                    push = np.float32(2) * b / ((_NEAREST + gap) * (a * gap**b + np.float32(1)))
                    _move(places, one, other, push, rate, False)
            next_noise[edge] += drawn * noise_period[edge]
