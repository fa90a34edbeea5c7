"""Sort pixels by when they join nested foregrounds, and find their cases.

A pixel has one of 256 cases: each of its eight neighbours, in the order of
`RING`, sets a bit if it has joined before. The tables say what follows from a
case. See `component_tree`.
"""

import cv2
import numba
import numpy as np


def jit(function):
    """Compile a function, if possible once for all processes."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder can hold the compiled code
        return numba.njit(nogil=True)(function)


# The eight neighbours (dy, dx) in raster order: the first four join before a
# pixel of the same level, the last four after it.
RING = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]


def _groups(case, connectivity):
    """Find the connected groups of joined neighbours that touch the pixel."""
    members = [p for i, p in enumerate(RING) if case >> i & 1]
    reach = 1 if connectivity == 4 else 2
    groups = []
    for member in members:
        near = [
            g
            for g in groups
            if any(
                max(abs(member[0] - q[0]), abs(member[1] - q[1])) == 1
                and abs(member[0] - q[0]) + abs(member[1] - q[1]) <= reach
                for q in g
            )
        ]
        groups = [g for g in groups if g not in near]
        groups.append(sum(near, [member]))
    touching = [
        [p for p in g if abs(p[0]) + abs(p[1]) <= reach] for g in groups
    ]
    return [g for g in touching if g]


def _table(connectivity):
    """Make ``(256, 6)``: number of groups, a neighbour of each, wider sides.

    The sides are bits: 1 for x0, 2 for y0, 4 for x1 and 8 for y1. The bit 16
    means that no neighbour before the pixel in raster order has joined.
    """
    table = np.zeros((256, 6), np.uint8)
    for case in range(256):
        groups = _groups(case, connectivity)
        table[case, 0] = len(groups)
        for i, group in enumerate(groups):
            table[case, 1 + i] = RING.index(group[0])
        near = sum(groups, [])
        sides = [
            all(x > 0 for _, x in near),
            all(y > 0 for y, _ in near),
            all(x < 0 for _, x in near),
            all(y < 0 for y, _ in near),
            case & 15 == 0,
        ]
        table[case, 5] = sum(side << i for i, side in enumerate(sides))
    return table


def _cells():
    """Make ``(256,)``, by how much twice the polygon area grows."""
    cells = np.zeros(256, np.uint8)
    for case in range(256):
        joined = {p for i, p in enumerate(RING) if case >> i & 1}
        cells[case] = sum(
            len(joined & {(y, 0), (0, x), (y, x)}) >= 2
            for y in (-1, 1)
            for x in (-1, 1)
        )
    return cells


EIGHT, FOUR, CELLS = _table(8), _table(4), _cells()
PIXEL = np.ones(256, np.uint8)


@jit
def cuts_below(values, cuts, before, low, scale, out):
    """Count the ``cuts`` below each value, like `numpy.searchsorted`.

    ``before[b]`` cuts are in buckets below ``b``. The bucket of a value is
    the integer part of ``(value / 2 - low) * scale``.
    """
    height, width = values.shape
    for y in range(height):
        for x in range(width):
            value = np.float64(values[y, x])
            below = before[int((value / 2 - low) * scale)]
            while below < cuts.size and cuts[below] < value:
                below += 1
            out[y, x] = below


def join_order(levels, floors):
    """Sort the pixels of ``levels`` as they join, and find their cases.

    A pixel is an index on the grid padded by one pixel on each side. It is
    packed with its case, so that both are read in the order of joining.

    Returns:
        tuple[ndarray]: 256 * pixel + case, lowest level first; and the
        positions at which the pixels begin that reach 0, 1, 2 ... floors.
    """
    reached = np.arange(int(levels.max()) + 1)
    ranks = np.searchsorted(floors, reached, side='right').astype(np.int16)
    return _sort(levels, ranks, len(floors))


@jit
def _sort(levels, ranks, count):
    """Sort by rank, the number of floors that a level reaches."""
    height, width = levels.shape
    stride = width + 2
    padded = np.full((height + 2, stride), -1, np.int16)
    # Pixels side by side are often equal, and would wait for one counter.
    counts = np.zeros((2, count + 2), np.int64)
    for y in range(height):
        for x in range(width):
            rank = ranks[levels[y, x]]
            padded[y + 1, x + 1] = rank
            counts[x & 1, rank + 1] += 1
    begin = np.cumsum(counts[0] + counts[1])
    place = begin.astype(np.uint32)  # a signed index takes longer
    order = np.empty(height * width, np.int64)
    cases = np.empty(stride, np.uint8)
    for y in range(1, height + 1):
        up, row, down = padded[y - 1], padded[y], padded[y + 1]
        for x in range(1, width + 1):
            own = row[x]
            cases[x] = (
                np.uint8(up[x - 1] >= own)
                | np.uint8(up[x] >= own) << 1
                | np.uint8(up[x + 1] >= own) << 2
                | np.uint8(row[x - 1] >= own) << 3
                | np.uint8(row[x + 1] > own) << 4
                | np.uint8(down[x - 1] > own) << 5
                | np.uint8(down[x] > own) << 6
                | np.uint8(down[x + 1] > own) << 7
            )
        for x in range(1, width + 1):
            level = row[x]
            order[place[level]] = (y * stride + x) << 8 | cases[x]
            place[level] += 1
    return order, begin


@jit
def offsets(stride):
    """Give the steps from a pixel to its neighbours, ordered as `RING`."""
    above = np.array([-1, 0, 1]) - stride
    return np.concatenate((above, np.array([-1, 1]), above + 2 * stride))


@jit
def steps_and_sides(table, around, flip):
    """Give, for each case, a step to the neighbours, and the wider sides.

    The step is 0 if the joined neighbours are none or not connected. Cases are
    flipped by the bits of ``flip`` before the table is asked.
    """
    steps, sides = np.zeros(256, np.int64), np.zeros(256, np.int64)
    for case in range(256):
        row = table[case ^ flip]
        steps[case] = around[row[1]] if row[0] == 1 else 0
        sides[case] = row[5]
    return steps, sides


@jit
def find(parent, basin):
    """Find the root of a basin's component, and shorten the way to it."""
    while parent[basin] != basin:
        parent[basin] = parent[parent[basin]]
        basin = parent[basin]
    return basin


@jit
def keep_roots(roots, number, level, parent, seen, area, every):
    """Keep each root once, all or the largest, and count what is left."""
    best, left = -1, 0
    for i in range(number):
        root = roots[i]
        if parent[root] != root or seen[root] == level:
            continue
        if not every and area[root] < best:
            continue
        if not every and area[root] > best:
            best, left = area[root], 0
        seen[root] = level
        roots[left] = root
        left += 1
    return left


@jit
def open_box(box, root):
    """Begin a box, to be widened."""
    box[root, :2] = 2**31 - 1
    box[root, 2:] = -1


@jit
def widen(box, root, other):
    """Widen a component's box by another box."""
    for side in range(2):
        box[root, side] = min(box[root, side], other[side])
        box[root, side + 2] = max(box[root, side + 2], other[side + 2])


@jit
def widen_by_pixel(box, root, pixel, stride):
    """Widen a component's box by a pixel, and tell whether it has grown.

    There are no branches, since a processor could not foresee them, and the
    division is the quickest.
    """
    row = np.uint32(pixel) // np.uint32(stride)
    x, y = np.int32(pixel - row * stride) - 1, np.int32(row) - 1
    x0, y0, x1, y1 = box[root]
    box[root, 0], box[root, 1] = min(x0, x), min(y0, y)
    box[root, 2], box[root, 3] = max(x1, x), max(y1, y)
    return (x < x0) | (y < y0) | (x > x1) | (y > y1)


@jit
def room(rows, number):
    """Give the rows with space for ``number`` rows."""
    if number <= len(rows):
        return rows
    return np.concatenate(
        (rows, np.empty((number, rows.shape[1]), rows.dtype))
    )


def fill_holes(levels):
    """Fill holes: raise each pixel to the lowest way out to the frame.

    ``filled = max(levels, min of the 4 neighbours' filled)``. Sweeps up and
    down, and on the transposed array to the sides, repeat until nothing
    changes.
    """
    views = (np.ascontiguousarray(levels), cv2.transpose(levels))
    filled = np.full_like(levels, levels.max())
    for line in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        filled[line] = levels[line]
    turn, still = 0, 0
    while still < 2:
        still = 0 if _sweep(views[turn], filled) else still + 1
        filled = cv2.transpose(filled)
        turn = 1 - turn
    return filled if turn == 0 else cv2.transpose(filled)


@jit
def _sweep(levels, filled):
    """Sweep down and up, and tell whether anything has changed."""
    height, width = levels.shape
    changed = levels[0, 0] ^ levels[0, 0]
    for step in range(1, 2 * height - 1):
        down = step < height
        y = step if down else 2 * height - 2 - step
        last = filled[y - 1] if down else filled[y + 1]
        own, row = levels[y], filled[y]
        for x in range(width):
            lowered = max(own[x], min(row[x], last[x]))
            changed |= lowered ^ row[x]
            row[x] = lowered
    return changed != 0
