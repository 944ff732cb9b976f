"""The compiled steps of `longtail.kernels.walks`: one step of many walks at a time.

All compiled code is in this one file: numba's cache notices changes in a function's own file only.
"""

from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

_WORD = np.uint64(0xFFFFFFFF)
LARGEST = np.uint64(0xFFFFFFFFFFFFFFFF)
_ABSENT = np.uint32(0xFFFFFFFF)
# Odd constants of the draw counter: one stride for steps, one for the draws inside a step.
_STEP_STRIDE = np.uint64(0x9E3779B97F4A7C15)
_DRAW_STRIDE = np.uint64(0xD1342543DE82EF95)
_DRAWS_PER_ATTEMPT = np.uint64(4)
# Walks that one thread interleaves; measured in benchmarks/walks.
_FIRST_ORDER_LANES = 64
_SECOND_ORDER_LANES = 32
# Words of a hash set repeated after its end.
_WRAPPED = np.uint64(3)
# A walk in progress. `position` indexes the slots first, then the adjacency sets.
_WALKER = np.dtype(
    [
        ("key", np.uint64),
        ("counter", np.uint64),
        ("fraction", np.uint64),
        ("position", np.uint64),
        ("target", np.uint64),
        ("node", np.uint64),
        ("first", np.uint64),
        ("degree", np.uint64),
        ("previous", np.uint64),
        ("previous_base", np.uint64),
        ("previous_degree", np.uint64),
        ("row", np.int64),
        ("step", np.int64),
        ("attempt", np.int64),
        ("share", np.float64),
    ],
    align=True,
)


@intrinsic
def prefetch(typingctx, array, index):
    """Ask the processor to fetch ``array[index]`` without waiting for it."""
    signature = types.void(array, index)

    def codegen(context, builder, signature, arguments):
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        pointer = builder.gep(view.data, [arguments[1]])
        byte_pointer = ir.IntType(8).as_pointer()
        word = ir.IntType(32)
        function = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [byte_pointer, word, word, word]),
            "llvm.prefetch.p0",
        )
        # read (0), keep in all cache levels (3), data (1)
        hints = [ir.Constant(word, 0), ir.Constant(word, 3), ir.Constant(word, 1)]
        builder.call(function, [builder.bitcast(pointer, byte_pointer), *hints])
        return context.get_dummy_value()

    return signature, codegen


@njit(cache=True, nogil=True)
def _mix(counter):
    """Hash 64 bits: the finaliser of splitmix64, a bijection."""
    counter = (counter ^ (counter >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    counter = (counter ^ (counter >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return counter ^ (counter >> np.uint64(31))


@njit(cache=True, nogil=True)
def _unit(draw):
    """Map 64 random bits to a float64 in [0, 1)."""
    return np.float64(draw >> np.uint64(11)) * 2.0**-53


@njit(cache=True, nogil=True)
def walk_keys(nodes, seed, number):
    """Hash seed, start node and walk number to the key of each walk's draws."""
    keys = np.empty(nodes.size, dtype=np.uint64)
    pass_key = _mix(_mix(seed + _STEP_STRIDE) + number * _DRAW_STRIDE)
    for i in range(nodes.size):
        keys[i] = _mix(pass_key + np.uint64(nodes[i]) * _STEP_STRIDE)
    return keys


@njit(cache=True, nogil=True)
def _split_draw(draw, degree):
    """Split 64 random bits into a slot below `degree` and 64 bits of fraction.

    The product draw * degree in 128 bits: its upper word is the slot, its lower the fraction.
    """
    low = (draw & _WORD) * degree
    high = (draw >> np.uint64(32)) * degree + (low >> np.uint64(32))
    return high >> np.uint64(32), (high << np.uint64(32)) | (low & _WORD)


@njit(cache=True, nogil=True)
def _threshold_bits(id_bits):
    """Bits of the threshold kept in a slot: what two node ids leave, at most 32."""
    return min(np.uint64(32), np.uint64(64) - np.uint64(2) * id_bits)


@njit(cache=True, nogil=True)
def _read_slot(slots, threshold_tails, position, fraction, id_bits):
    """Target drawn from a slot: its own below the threshold, else its alias."""
    threshold_bits = _threshold_bits(id_bits)
    slot = slots[position]
    threshold = slot >> (id_bits + id_bits)
    leading = fraction >> (np.uint64(64) - threshold_bits)
    takes_alias = leading >= threshold
    if leading == threshold:
        tail = (fraction >> (np.uint64(32) - threshold_bits)) & _WORD
        takes_alias = tail >= np.uint64(threshold_tails[position])
    shift = id_bits if takes_alias else np.uint64(0)
    return (slot >> shift) & ((np.uint64(1) << id_bits) - np.uint64(1))


@njit(cache=True, nogil=True)
def fill_alias_slots(
    first_node, last_node, indptr, indices, weights, id_bits, slots, threshold_tails
):
    """Build the alias tables of some nodes (Vose 1991); O(edges)."""
    largest_degree = 0
    for node in range(first_node, last_node):
        largest_degree = max(largest_degree, indptr[node + 1] - indptr[node])
    share = np.empty(largest_degree, dtype=np.float64)
    # Light slots grow from the left end, heavy ones from the right.
    stack = np.empty(largest_degree, dtype=np.int32)
    threshold_bits = _threshold_bits(id_bits)
    for node in range(first_node, last_node):
        first = indptr[node]
        degree = indptr[node + 1] - first
        total = 0.0
        for i in range(degree):
            total += np.float64(weights[first + i])
        light_count = 0
        heavy_top = degree
        for i in range(degree):
            share[i] = np.float64(weights[first + i]) / total * degree
            if share[i] < 1.0:
                stack[light_count] = i
                light_count += 1
            else:
                heavy_top -= 1
                stack[heavy_top] = i
        while light_count > 0:
            light_count -= 1
            light = stack[light_count]
            own = np.uint64(indices[first + light])
            if heavy_top == degree:  # only rounding leaves a light slot without a heavy one
                slots[first + light] = own | (own << id_bits)
                continue
            heavy = stack[heavy_top]
            alias = np.uint64(indices[first + heavy])
            upper = share[light] * 4294967296.0
            upper_word = np.uint64(upper)
            lower_word = np.uint64((upper - np.float64(upper_word)) * 4294967296.0)
            bits = (upper_word << np.uint64(32)) | lower_word
            slots[first + light] = (
                own
                | (alias << id_bits)
                | ((bits >> (np.uint64(64) - threshold_bits)) << (id_bits + id_bits))
            )
            threshold_tails[first + light] = np.uint32(
                (bits >> (np.uint64(32) - threshold_bits)) & _WORD
            )
            share[heavy] -= 1.0 - share[light]
            if share[heavy] < 1.0:
                heavy_top += 1
                stack[light_count] = heavy
                light_count += 1
        for i in range(heavy_top, degree):
            own = np.uint64(indices[first + stack[i]])
            slots[first + stack[i]] = own | (own << id_bits)


@njit(cache=True, nogil=True)
def _is_bitset(node_count, degree):
    """Whether one bit per node fits into two words per edge."""
    return node_count + np.uint64(31) >> np.uint64(5) <= degree + degree


@njit(cache=True, nogil=True)
def _members_base(first, node):
    """Start of a node's adjacency set: two words per edge, plus the wrapped words per node."""
    return first + first + node * _WRAPPED


@njit(cache=True, nogil=True)
def _first_probe(node, size):
    """Place in ``[0, size)`` where the search for a node starts: multiplicative hashing."""
    return (((node * np.uint64(0x9E3779B1)) & _WORD) * size) >> np.uint64(32)


@njit(cache=True, nogil=True)
def fill_members(first_node, last_node, indptr, indices, members):
    """Build the adjacency sets of some nodes; O(edges) expected.

    A hash set is a ring of two words per edge with linear probing. Its first words are repeated
    after its end, so that a window of four needs no wrapping.
    """
    node_count = np.uint64(indptr.size - 1)
    one = np.uint64(1)
    for node in range(first_node, last_node):
        first = np.uint64(indptr[node])
        degree = np.uint64(indptr[node + 1]) - first
        base = _members_base(first, np.uint64(node))
        size = degree + degree
        if _is_bitset(node_count, degree):
            for edge in range(indptr[node], indptr[node + 1]):
                target = np.uint64(indices[edge])
                bit = np.uint32(1) << np.uint32(target & np.uint64(31))
                members[base + (target >> np.uint64(5))] |= bit
            continue
        for place in range(np.int64(base), np.int64(base + size + _WRAPPED)):
            members[place] = _ABSENT
        for edge in range(indptr[node], indptr[node + 1]):
            place = _first_probe(np.uint64(indices[edge]), size)
            while members[base + place] != _ABSENT:
                place += one
                if place == size:
                    place = np.uint64(0)
            members[base + place] = np.uint32(indices[edge])
        if degree > 0:
            for place in range(np.int64(_WRAPPED)):
                source = np.int64(base) + place % np.int64(size)
                members[np.int64(base + size) + place] = members[source]


@njit(cache=True, nogil=True)
def _bitset_holds(members, base, target):
    word = np.uint64(members[base + (target >> np.uint64(5))])
    return (word >> (target & np.uint64(31))) & np.uint64(1) != np.uint64(0)


@njit(cache=True, nogil=True)
def _hash_set_holds(members, base, size, place, target):
    """Search from `place`, four words at a time, until the target or a free word is met."""
    wanted = np.uint32(target)
    while True:
        window = base + place
        word_0 = members[window]
        word_1 = members[window + np.uint64(1)]
        word_2 = members[window + np.uint64(2)]
        word_3 = members[window + np.uint64(3)]
        # | instead of `or`: four tests, and one branch that is nearly always taken.
        is_found = (word_0 == wanted) | (word_1 == wanted) | (word_2 == wanted) | (word_3 == wanted)
        is_ended = (
            (word_0 == _ABSENT) | (word_1 == _ABSENT) | (word_2 == _ABSENT) | (word_3 == _ABSENT)
        )
        if is_found | is_ended:
            return is_found
        place += np.uint64(4)
        if place >= size:
            place -= size


@njit(cache=True, nogil=True)
def _has_edge(members, base, degree, node_count, target):
    """Whether the node whose adjacency set starts at `base` has an edge to `target`."""
    if _is_bitset(node_count, degree):
        return _bitset_holds(members, base, target)
    size = degree + degree
    return _hash_set_holds(members, base, size, _first_probe(target, size), target)


@njit(cache=True, nogil=True)
def fill_fold(
    first_node, last_node, indptr, weights, largest_bias, folded_bias, row_totals, normal_share
):
    """Sum each row, and find its envelope's share outside the folded return edge.

    The envelope is `largest_bias` over all edges plus `folded_bias` over the return edge,
    whose transition probability is bounded by the node's largest.
    """
    for node in range(first_node, last_node):
        first = indptr[node]
        degree = indptr[node + 1] - first
        if degree == 0:
            continue
        total = 0.0
        largest = 0.0
        for edge in range(first, first + degree):
            total += np.float64(weights[edge])
            largest = max(largest, np.float64(weights[edge]))
        row_totals[node] = total
        bound = largest / total
        share = largest_bias / (largest_bias + folded_bias * bound)
        # 2**-22 is several float32 roundings; the acceptance uses the stored share, so a
        # looser bound costs draws, not exactness. The floor is the smallest normal float32.
        normal_share[node] = max(share * (1.0 - 2.0**-22), 1.2e-38)


@njit(cache=True, nogil=True)
def _find_edge(indices, first, last, guess, target):
    """Edge to `target` among the sorted `indices[first:last]`, or -1.

    Gallops from a guess inside the range: O(log distance).
    """
    low, high = guess, guess
    reach = 1
    while low > first and indices[low] > target:
        low = max(first, low - reach)
        reach += reach
    reach = 1
    while high < last and indices[high] < target:
        high = min(last, high + reach)
        reach += reach
    while low < high:
        middle = (low + high) >> 1
        if indices[middle] < target:
            low = middle + 1
        else:
            high = middle
    return low if low < last and indices[low] == target else np.int64(-1)


@njit(cache=True, nogil=True)
def _exact_step(
    draw,
    previous,
    previous_base,
    previous_degree,
    first,
    degree,
    node_count,
    indices,
    weights,
    members,
    return_bias,
    outward_bias,
):
    """Draw a step from its full distribution; O(degree)."""
    total = 0.0
    goal = np.inf
    chosen = np.uint64(indices[first])
    for is_second_round in (False, True):
        if is_second_round:
            goal = _unit(draw) * total
            total = 0.0
        for edge in range(np.int64(first), np.int64(first + degree)):
            target = np.uint64(indices[edge])
            bias = outward_bias
            if target == previous:
                bias = return_bias
            elif outward_bias != 1.0 and _has_edge(
                members, previous_base, previous_degree, node_count, target
            ):
                bias = 1.0
            mass = np.float64(weights[edge]) * bias
            total += mass
            if mass > 0.0:
                chosen = target
            if total > goal:
                return chosen
    return chosen


@njit(cache=True, nogil=True)
def first_order_walks(starts, keys, offsets, slots, threshold_tails, id_bits, walks):
    """Fill `walks` (rows, length) with walks whose steps depend on the current node only."""
    row_count, length = walks.shape
    dummy = offsets.size - 2
    node = np.empty(_FIRST_ORDER_LANES, dtype=np.int64)
    position = np.empty(_FIRST_ORDER_LANES, dtype=np.int64)
    fraction = np.empty(_FIRST_ORDER_LANES, dtype=np.uint64)
    for first_row in range(0, row_count, _FIRST_ORDER_LANES):
        lanes = min(_FIRST_ORDER_LANES, row_count - first_row)
        for lane in range(lanes):
            node[lane] = starts[first_row + lane]
            walks[first_row + lane, 0] = starts[first_row + lane]
        for step in range(1, length):
            step_counter = np.uint64(step) * _STEP_STRIDE
            for lane in range(lanes):
                first = np.int64(offsets[node[lane]])
                degree = np.int64(offsets[node[lane] + 1]) - first
                draw = _mix(keys[first_row + lane] + step_counter)
                slot, fraction[lane] = _split_draw(draw, np.uint64(degree))
                position[lane] = first + np.int64(slot)
                prefetch(slots, position[lane])
                if degree == 0:
                    node[lane] = dummy
            for lane in range(lanes):
                if node[lane] == dummy:
                    walks[first_row + lane, step] = -1
                    continue
                target = _read_slot(slots, threshold_tails, position[lane], fraction[lane], id_bits)
                prefetch(offsets, target)
                node[lane] = target
                walks[first_row + lane, step] = target


@njit(cache=True, nogil=True)
def _threshold(share):
    """Round a probability to a threshold for 64 random bits."""
    return LARGEST if share >= 1.0 else np.uint64(share * 18446744073709551616.0)


@njit(cache=True, nogil=True)
def _start_walk(walker, row, starts, keys, offsets, walks):
    """Place a walker on the first node of a row's walk."""
    node = np.uint64(starts[row])
    walks[row, 0] = starts[row]
    walker.row = row
    walker.step = 1
    walker.attempt = 0
    walker.key = keys[row]
    walker.node = node
    walker.first = np.uint64(offsets[node])
    walker.degree = np.uint64(offsets[node + np.uint64(1)]) - walker.first
    walker.previous = LARGEST
    walker.share = 2.0  # the first step knows no return edge: nothing is folded


class Tables(NamedTuple):
    """Inputs of a step: the graph and the tables that `longtail.kernels.walks` builds from it.

    offsets: (n + 2,) first edge of each node; uint32 when that suffices. Node n is a dummy without
    edges that holds ended walks. slots: (m + 1,) uint64, the alias table: own target, alias target,
    threshold. threshold_tails: (m + 1,) uint32, the next 32 bits of each threshold. members: (2 m +
    3 n,) uint32, adjacency sets; (1,) when no step reads them. row_totals: (n,) float64, sum of a
    row's weights; (1,) when nothing is folded. normal_share: (n,) float32, share of the rejection
    envelope outside the folded return edge; (1,) when nothing is folded. indices, weights: (m,) the
    graph's own. id_bits: uint64, bits of a node id in a slot.
    """

    offsets: np.ndarray
    slots: np.ndarray
    threshold_tails: np.ndarray
    members: np.ndarray
    row_totals: np.ndarray
    normal_share: np.ndarray
    indices: np.ndarray
    weights: np.ndarray
    id_bits: np.uint64


class _Bias(NamedTuple):
    """node2vec's biases of a step, and the constants derived from them."""

    back: float
    outward: float
    largest: float
    folded: float
    return_threshold: np.uint64
    sure_threshold: np.uint64


class _Sweep(NamedTuple):
    """Walkers of one round by their next operation; each list can hold all of them."""

    accepted: np.ndarray
    candidates: np.ndarray
    returns: np.ndarray
    asks_bitset: np.ndarray
    asks_hash_set: np.ndarray


@njit(cache=True, nogil=True)
def _bias_of(back, outward):
    """Derive the thresholds of a walk from 1 / p and 1 / q."""
    largest = max(1.0, outward)
    return _Bias(
        back,
        outward,
        largest,
        max(0.0, back - largest),
        _threshold(back / largest),
        _threshold(min(1.0, outward) / largest),
    )


@njit(inline="always")
def _draw(alive, walkers, sweep, tables, bias, node_count):
    """Draw each walker's next node; return the counts of accepted, candidates and returns.

    After too many rejections a walker takes the exact step.
    """
    indices = tables.indices
    members = tables.members
    slots = tables.slots
    weights = tables.weights
    accepted = sweep.accepted
    candidates = sweep.candidates
    returns = sweep.returns
    accepted_count = 0
    candidate_count = 0
    return_count = 0
    for i in alive:
        walker = walkers[i]
        walker.counter = (
            walker.key
            + np.uint64(walker.step) * _STEP_STRIDE
            + np.uint64(walker.attempt) * (_DRAWS_PER_ATTEMPT * _DRAW_STRIDE)
        )
        if walker.attempt >= 16 + (np.int64(walker.degree) >> 2):
            walker.target = _exact_step(
                _mix(walker.counter + np.uint64(3) * _DRAW_STRIDE),
                walker.previous,
                walker.previous_base,
                walker.previous_degree,
                walker.first,
                walker.degree,
                node_count,
                indices,
                weights,
                members,
                bias.back,
                bias.outward,
            )
            accepted[accepted_count] = i
            accepted_count += 1
            continue
        walker.attempt += 1
        if bias.folded > 0.0:
            zone = _mix(walker.counter + np.uint64(2) * _DRAW_STRIDE)
            if _unit(zone) >= walker.share:
                # The return edge's position if a row's targets were evenly spaced.
                guess = walker.previous * walker.degree // node_count
                walker.position = walker.first + guess
                prefetch(indices, walker.position)
                prefetch(weights, walker.position)
                walker.target = walker.previous
                returns[return_count] = i
                return_count += 1
                continue
        slot, fraction = _split_draw(_mix(walker.counter), walker.degree)
        walker.fraction = fraction
        walker.position = walker.first + slot
        prefetch(slots, walker.position)
        candidates[candidate_count] = i
        candidate_count += 1
    return accepted_count, candidate_count, return_count


@njit(inline="always")
def _judge(candidate_count, accepted_count, walkers, sweep, tables, bias, node_count):
    """Read the candidates; accept the certain ones, list those that need an adjacency test.

    Returns the counts of accepted walkers and of those that need a bitset or a hash set.
    """
    id_bits = tables.id_bits
    offsets = tables.offsets
    slots = tables.slots
    threshold_tails = tables.threshold_tails
    accepted = sweep.accepted
    asks_bitset = sweep.asks_bitset
    asks_hash_set = sweep.asks_hash_set
    candidates = sweep.candidates
    asks_adjacency = bias.outward != 1.0
    bitset_count = 0
    hash_set_count = 0
    for i in candidates[:candidate_count]:
        walker = walkers[i]
        target = _read_slot(slots, threshold_tails, walker.position, walker.fraction, id_bits)
        walker.target = target
        draw = _mix(walker.counter + _DRAW_STRIDE)
        prefetch(offsets, target)
        is_return = target == walker.previous
        threshold = bias.return_threshold if is_return else bias.sure_threshold
        is_sure = (draw < threshold) | (walker.step == 1)
        accepted[accepted_count] = i
        accepted_count += is_sure
        if asks_adjacency:
            is_asked = not (is_sure | is_return)
            is_bitset = _is_bitset(node_count, walker.previous_degree)
            asks_bitset[bitset_count] = i
            bitset_count += is_asked & is_bitset
            asks_hash_set[hash_set_count] = i
            hash_set_count += is_asked & (not is_bitset)
    return accepted_count, bitset_count, hash_set_count


@njit(inline="always")
def _ask_adjacency(
    bitset_count, hash_set_count, accepted_count, walkers, sweep, members, accepts_adjacent
):
    """Accept the walkers whose target is, or is not, a neighbour of the previous node."""
    accepted = sweep.accepted
    asks_bitset = sweep.asks_bitset
    asks_hash_set = sweep.asks_hash_set
    for i in asks_bitset[:bitset_count]:
        walker = walkers[i]
        prefetch(members, walker.previous_base + (walker.target >> np.uint64(5)))
    for i in asks_hash_set[:hash_set_count]:
        walker = walkers[i]
        size = walker.previous_degree + walker.previous_degree
        walker.position = _first_probe(walker.target, size)
        prefetch(members, walker.previous_base + walker.position)
    for i in asks_bitset[:bitset_count]:
        walker = walkers[i]
        is_adjacent = _bitset_holds(members, walker.previous_base, walker.target)
        accepted[accepted_count] = i
        accepted_count += is_adjacent == accepts_adjacent
    for i in asks_hash_set[:hash_set_count]:
        walker = walkers[i]
        size = walker.previous_degree + walker.previous_degree
        is_adjacent = _hash_set_holds(
            members, walker.previous_base, size, walker.position, walker.target
        )
        accepted[accepted_count] = i
        accepted_count += is_adjacent == accepts_adjacent
    return accepted_count


@njit(inline="always")
def _try_returns(return_count, accepted_count, walkers, sweep, tables, bias):
    """Accept walkers that step back, by the weight of the folded return edge."""
    indices = tables.indices
    row_totals = tables.row_totals
    weights = tables.weights
    accepted = sweep.accepted
    returns = sweep.returns
    for i in returns[:return_count]:
        walker = walkers[i]
        edge = _find_edge(
            indices,
            np.int64(walker.first),
            np.int64(walker.first + walker.degree),
            np.int64(walker.position),
            np.int64(walker.target),
        )
        if edge >= 0:
            probability = np.float64(weights[edge]) / row_totals[walker.node]
            drawn_mass = bias.largest * (1.0 - walker.share) / walker.share
            draw = _unit(_mix(walker.counter + _DRAW_STRIDE))
            accepted[accepted_count] = i
            accepted_count += draw * drawn_mass < probability * bias.folded
    return accepted_count


@njit(inline="always")
def _advance(accepted_count, walkers, sweep, tables, is_folded, starts, keys, next_row, walks):
    """Take the accepted steps; a walker whose walk ended starts the next row.

    Returns the next row to start and the number of walkers left without a row.
    """
    normal_share = tables.normal_share
    offsets = tables.offsets
    accepted = sweep.accepted
    row_count, length = walks.shape
    ended_count = 0
    for i in accepted[:accepted_count]:
        walker = walkers[i]
        target = walker.target
        walks[walker.row, walker.step] = target
        walker.previous = walker.node
        walker.previous_base = _members_base(walker.first, walker.node)
        walker.previous_degree = walker.degree
        walker.node = target
        walker.first = np.uint64(offsets[target])
        walker.degree = np.uint64(offsets[target + np.uint64(1)]) - walker.first
        walker.step += 1
        walker.attempt = 0
        if is_folded:
            walker.share = normal_share[target]
        if walker.step == length or walker.degree == np.uint64(0):
            walks[walker.row, walker.step :] = -1
            if next_row < row_count:
                _start_walk(walker, next_row, starts, keys, offsets, walks)
                next_row += 1
            else:
                walker.row = -1
                ended_count += 1
    return next_row, ended_count


@njit(cache=True, nogil=True)
def second_order_walks(starts, keys, tables, return_bias, outward_bias, walks):
    """Fill `walks` (rows, length) with node2vec walks.

    Each round makes one attempt per walker, in sweeps: what one sweep prefetches is in the cache
    for the next. A sweep appends walkers to the lists of later sweeps by adding 0 or 1 to the
    list's size, because a branch on a random outcome costs more than the work it saves.

    The sweeps are inlined and unpack `tables` and `sweep` once: a call would cost a fifth of the
    speed, and so would the reference count of each tuple access.
    """
    row_count, length = walks.shape
    walks[:, 0] = starts
    if length == 1 or row_count == 0:
        return
    node_count = np.uint64(tables.offsets.size - 2)
    bias = _bias_of(return_bias, outward_bias)
    walker_count = min(_SECOND_ORDER_LANES, row_count)
    walkers = np.zeros(walker_count, dtype=_WALKER)
    lists = np.empty((5, walker_count), dtype=np.int64)
    sweep = _Sweep(lists[0], lists[1], lists[2], lists[3], lists[4])
    alive = np.arange(walker_count)
    next_row = walker_count
    for i in range(walker_count):
        _start_walk(walkers[i], i, starts, keys, tables.offsets, walks)

    while alive.size > 0:
        accepted_count, candidate_count, return_count = _draw(
            alive, walkers, sweep, tables, bias, node_count
        )
        accepted_count, bitset_count, hash_set_count = _judge(
            candidate_count, accepted_count, walkers, sweep, tables, bias, node_count
        )
        accepted_count = _ask_adjacency(
            bitset_count,
            hash_set_count,
            accepted_count,
            walkers,
            sweep,
            tables.members,
            bias.outward < 1.0,
        )
        accepted_count = _try_returns(return_count, accepted_count, walkers, sweep, tables, bias)
        next_row, ended_count = _advance(
            accepted_count,
            walkers,
            sweep,
            tables,
            bias.folded > 0.0,
            starts,
            keys,
            next_row,
            walks,
        )
        if ended_count > 0:
            alive = np.array([i for i in alive if walkers[i].row >= 0], dtype=np.int64)
