"""The compiled part of `longtail.kernels.shared_negatives`.

All compiled code is in this one file: numba's cache notices changes in a function's own file only.
"""

import numpy as np
from numba import njit

from longtail.kernels._walk_steps import prefetch

END_OF_WALK = np.int32(-1)
LARGEST = np.float32(8)
"""Inner products are clipped to this: beyond it the gradient is below .0004."""
_STEPS_PER_UNIT = np.float32(128)
_CELLS_PER_LINE = 16
"""float32 values per cache line."""
# exp would take as long as the inner product.
_SCORES = np.arange(2 * LARGEST * _STEPS_PER_UNIT + 1) / _STEPS_PER_UNIT - LARGEST
_LOGISTIC = (1 / (1 + np.exp(-_SCORES))).astype(np.float32)


@njit(cache=True, nogil=True)
def _next_draw(state):
    """64 random bits: splitmix64 (Steele, Lea, Flood 2014)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    draw = state[0]
    draw = (draw ^ (draw >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    draw = (draw ^ (draw >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return draw ^ (draw >> np.uint64(31))


@njit(cache=True, nogil=True)
def _below(draw, size):
    """Turn the upper 32 bits of a draw into a whole number from 0 to size - 1."""
    return np.int64(((draw >> np.uint64(32)) * np.uint64(size)) >> np.uint64(32))


@njit(cache=True, nogil=True)
def fill_alias_table(weights, shares, aliases):
    """Build an alias table (Vose 1991): slot i yields i with probability shares[i], else its alias.

    `weights` float64, `shares` float32, `aliases` int32, all of shape (n,).
    """
    size = weights.size
    scaled = weights * (size / weights.sum())
    light, heavy = np.empty(size, np.int32), np.empty(size, np.int32)
    lights = heavies = 0
    for place in range(size):
        if scaled[place] < 1:
            light[lights] = place
            lights += 1
        else:
            heavy[heavies] = place
            heavies += 1
        shares[place], aliases[place] = 1, place
    while lights and heavies:
        lights -= 1
        small, large = light[lights], heavy[heavies - 1]
        shares[small], aliases[small] = scaled[small], large
        scaled[large] -= 1 - scaled[small]
        if scaled[large] < 1:
            heavies -= 1
            light[lights] = large
            lights += 1


@njit(cache=True, nogil=True)
def _fetch(cells, node, dimensions):
    """Prefetch a row of a matrix, given as its flat array of cells."""
    for place in range(node * dimensions, (node + 1) * dimensions, _CELLS_PER_LINE):
        prefetch(cells, place)


@njit(cache=True, nogil=True)
def _draw_noise(shares, aliases, state, nodes):
    """Fill `nodes` with draws from an alias table."""
    for i in range(nodes.size):
        draw = _next_draw(state)
        node = _below(draw, shares.size)
        low = np.float32(np.float64(draw & np.uint64(0xFFFFFFFF)) * 2.0**-32)
        nodes[i] = node if low < shares[node] else aliases[node]


@njit(cache=True, nogil=True, fastmath=True)
def _learn(
    inputs,
    outputs,
    input_nodes,
    input_count,
    output_nodes,
    output_count,
    noise_weight,
    rate,
    gradients,
    steps,
):
    """One step on all pairs of some inputs with one true output and some noise outputs.

    Every inner product uses the vectors from before the step. Blocks of four outputs and two inputs
    share each read. Padding rows beyond the counts may be any valid rows; their gradients are 0.
    """
    dimensions = inputs.shape[1]
    for i in range(input_count + input_count % 2):
        own, step = inputs[input_nodes[i]], steps[i]
        for k in range(dimensions):
            step[k] = 0
        for j in range(0, output_count, 4):
            first, second = outputs[output_nodes[j]], outputs[output_nodes[j + 1]]
            third, fourth = outputs[output_nodes[j + 2]], outputs[output_nodes[j + 3]]
            a = b = c = d = np.float32(0)
            for k in range(dimensions):
                value = own[k]
                a += value * first[k]
                b += value * second[k]
                c += value * third[k]
                d += value * fourth[k]
            gradients[i, j] = a
            gradients[i, j + 1] = b
            gradients[i, j + 2] = c
            gradients[i, j + 3] = d
            for place in range(j, j + 4):
                if i >= input_count or place >= output_count:
                    gradients[i, place] = 0
                    continue
                score = min(max(gradients[i, place], -LARGEST), LARGEST)
                chance = _LOGISTIC[np.int64((score + LARGEST) * _STEPS_PER_UNIT)]
                if place == 0:
                    gradients[i, place] = rate * (np.float32(1) - chance)
                else:
                    gradients[i, place] = -rate * noise_weight * chance
            a, b = gradients[i, j], gradients[i, j + 1]
            c, d = gradients[i, j + 2], gradients[i, j + 3]
            for k in range(dimensions):
                step[k] += a * first[k] + b * second[k] + c * third[k] + d * fourth[k]
    for j in range(output_count):
        other = outputs[output_nodes[j]]
        for i in range(0, input_count, 2):
            first, second = inputs[input_nodes[i]], inputs[input_nodes[i + 1]]
            a, b = gradients[i, j], gradients[i + 1, j]
            for k in range(dimensions):
                other[k] += a * first[k] + b * second[k]
    for i in range(input_count):
        own, step = inputs[input_nodes[i]], steps[i]
        for k in range(dimensions):
            own[k] += step[k]


@njit(cache=True, nogil=True)
def train_walks(
    tokens,
    inputs,
    outputs,
    shares,
    aliases,
    chances,
    window,
    drawn,
    noise_weight,
    first_rate,
    last_rate,
    done,
    total,
    state,
):
    """Train on whole walks; return how many tokens they have.

    `tokens` int32 with `END_OF_WALK` after each walk; `inputs` and `outputs` float32 (n, d), which
    change; `shares` and `aliases` the noise, of which `drawn` nodes count `noise_weight` each;
    `chances` float32 (n,), the probability of keeping a token; `done` of `total` tokens were
    trained before; `state` uint64 (1,), which changes.
    """
    size = tokens.size
    walk = np.empty(size, np.int32)
    # Padded to whole blocks of two inputs and four outputs; the padding may be any node.
    input_nodes = np.zeros(2 * window, np.int32)
    output_nodes = np.zeros(4 + drawn, np.int32)
    gradients = np.empty((2 * window, 4 + drawn), np.float32)
    steps = np.empty((2 * window, inputs.shape[1]), np.float32)
    noise = np.empty((2, drawn), np.int32)
    dimensions = inputs.shape[1]
    input_cells, output_cells = inputs.reshape(-1), outputs.reshape(-1)
    seen, length = 0, 0
    for place in range(size):
        node = tokens[place]
        if node != END_OF_WALK:
            seen += 1
            draw = _next_draw(state) if chances[node] < 1 else np.uint64(0)
            if np.float32(np.float64(draw >> np.uint64(11)) * 2.0**-53) < chances[node]:
                walk[length] = node
                length += 1
            continue
        rate = np.float32(first_rate - (first_rate - last_rate) * (done + seen) / total)
        _draw_noise(shares, aliases, state, noise[0])
        for centre in range(length):
            # Prefetch the next centre's rows while this one is trained.
            if centre + 1 < length:
                upcoming = noise[(centre + 1) % 2]
                _draw_noise(shares, aliases, state, upcoming)
                for node in upcoming:
                    _fetch(output_cells, node, dimensions)
                _fetch(output_cells, walk[centre + 1], dimensions)
            if centre + 1 + window < length:
                _fetch(input_cells, walk[centre + 1 + window], dimensions)
            reach = 1 + _below(_next_draw(state), window)
            input_count = 0
            for other in range(max(0, centre - reach), min(length, centre + reach + 1)):
                if other != centre:
                    input_nodes[input_count] = walk[other]
                    input_count += 1
            if input_count == 0:
                continue
            output_nodes[0] = walk[centre]
            output_count = 1
            for node in noise[centre % 2]:
                if node != walk[centre]:
                    output_nodes[output_count] = node
                    output_count += 1
            _learn(
                inputs,
                outputs,
                input_nodes,
                input_count,
                output_nodes,
                output_count,
                noise_weight,
                rate,
                gradients,
                steps,
            )
        length = 0
    return seen
