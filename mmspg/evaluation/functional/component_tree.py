"""Boxes of nested foregrounds in one pass over the sorted pixels (numba).

The same results as `contours`, at one cost for all floors: pixels join from
the highest level down (ties in raster order), and a union-find keeps the
components. What a pixel does when it joins depends on which of its eight
neighbours have joined before, one of 256 cases that a table answers:

* none: the pixel opens a new basin, the unit of the union-find;
* neighbours connected among themselves, nearly every pixel of a smooth map:
  the pixel takes over their basin, without any look-up of a root;
* several groups of neighbours: their components become one.

The table also says towards which sides the pixel can widen its component's
box; most pixels cannot, having joined neighbours on every side, and need no
more work. Holes are the components of the background that do not reach the
frame: the same pass in reverse order, with the complementary cases.

Why a compiled helper: of a smooth 224 x 224 map at 1000 thresholds, one
findContours a threshold takes about 24 ms for the largest contour (42 ms for
the best IoU of all), `contours` 10 ms, and this 1 ms, as measured by
tools/benchmarks/benchmark_boxes.py.

Two facts make the contours those of OpenCV:

* The box of a hole's contour is that of the 4-connected hole, one pixel
  wider on each side.
* `cv2.contourArea` of an outer contour is the area of the polygon through the
  centres of its border pixels. Once holes are filled it is the sum over 2 x 2
  cells of 1/2 for three pixels and of 1 for four, which grows by pixels.
"""

import cv2
import numba
import numpy as np


def _jit(function):
    """Compile once a machine, or once a process where nothing can be kept."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder that numba could write its cache to
        return numba.njit(nogil=True)(function)


# The eight neighbours (dy, dx) in raster order: the first four join before a
# pixel of the same level, the last four after it.
_RING = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]


def _groups(case, connectivity):
    """Groups of joined neighbours that touch the pixel, each connected."""
    members = [p for i, p in enumerate(_RING) if case >> i & 1]
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
    """``(256, 6)``: number of groups, a neighbour of each, sides to widen.

    The sides are bits: 1 for x0, 2 for y0, 4 for x1, 8 for y1.
    """
    table = np.zeros((256, 6), np.uint8)
    for case in range(256):
        groups = _groups(case, connectivity)
        table[case, 0] = len(groups)
        for i, group in enumerate(groups):
            table[case, 1 + i] = _RING.index(group[0])
        ys, xs = zip(*sum(groups, [(0, 0)][: not groups]), strict=True)
        sides = (min(xs) > 0, min(ys) > 0, max(xs) < 0, max(ys) < 0)
        table[case, 5] = sum(side << i for i, side in enumerate(sides))
    return table


def _cells():
    """``(256,)`` growth of twice the polygon area by the four cells."""
    cells = np.zeros(256, np.uint8)
    for case in range(256):
        joined = {p for i, p in enumerate(_RING) if case >> i & 1}
        cells[case] = sum(
            len(joined & {(y, 0), (0, x), (y, x)}) >= 2
            for y in (-1, 1)
            for x in (-1, 1)
        )
    return cells


_EIGHT, _FOUR, _CELLS = _table(8), _table(4), _cells()
_PIXEL = np.ones(256, np.uint8)


def largest_contour(levels, floors):
    """As `contours.largest_contour`."""
    return _largest(_fill_holes(levels), floors, _CELLS, last_wins=True)


def largest_area(levels, floors):
    """As `contours.largest_area`."""
    return _largest(levels, floors, _PIXEL, last_wins=False)


def all_contours(levels, floors):
    """As `contours.all_contours`, in another order."""
    prepared = _prepare(levels, *_ranks(levels, floors))
    outer = _trace(*prepared, _EIGHT, levels.shape, False)
    inner = _trace(*prepared, _FOUR, levels.shape, True)
    inner[:, :4] += (-1, -1, 1, 1)
    spans = np.concatenate([outer[:, [5, 4]], inner[:, [4, 5]]])
    boxes = np.concatenate([outer[:, :4], inner[:, :4]])
    return boxes.astype(np.int64), spans - (1, 0)


def _largest(levels, floors, growth, last_wins):
    prepared = _prepare(levels, *_ranks(levels, floors))
    return _trace_largest(*prepared, _EIGHT, growth, levels.shape, last_wins)


def _ranks(levels, floors):
    """How many floors each possible level reaches, and how many there are."""
    highest = int(levels.max())
    ranks = np.searchsorted(floors, np.arange(highest + 1), side='right')
    return ranks.astype(np.int16), len(floors)


def _fill_holes(levels):
    """Raise what is lower than every way out to the frame up to the lowest.

    ``filled = max(levels, min of the 4 neighbours' filled)``, by sweeps up
    and down, and, transposed, to the sides, until nothing changes.
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


@_jit
def _sweep(levels, filled):
    """Down and up; whether anything changed."""
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


@_jit
def _find(parent, basin):
    while parent[basin] != basin:
        parent[basin] = parent[parent[basin]]
        basin = parent[basin]
    return basin


@_jit
def _offsets(stride):
    return np.array(
        [
            -stride - 1,
            -stride,
            -stride + 1,
            -1,
            1,
            stride - 1,
            stride,
            stride + 1,
        ]
    )


@_jit
def _prepare(levels, ranks, count):
    """Pixels sorted by rank, where each rank begins, and the cases.

    The rank of a level is the number of floors it reaches. Pixels are
    indices on the grid padded by one pixel on each side.
    """
    height, width = levels.shape
    stride = width + 2
    padded = np.full((height + 2, stride), -1, np.int16)
    begin = np.zeros(count + 2, np.int64)
    for y in range(height):
        for x in range(width):
            rank = ranks[levels[y, x]]
            padded[y + 1, x + 1] = rank
            begin[rank + 1] += 1
    begin = np.cumsum(begin)
    place = begin.copy()
    order = np.empty(height * width, np.int32)
    cases = np.zeros((height + 2, stride), np.uint8)
    for y in range(1, height + 1):
        up, row, down = padded[y - 1], padded[y], padded[y + 1]
        out = cases[y]
        for x in range(1, width + 1):
            own = row[x]
            out[x] = (
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
            order[place[level]] = y * stride + x
            place[level] += 1
    return order, begin, cases.ravel()


@_jit
def _trace(order, begin, cases, table, shape, holes):
    """Boxes of all components of ``levels >= floor``, or of their holes.

    Gives ``(n, 6)``: the box, and the first and last floor it holds for.
    """
    count = begin.size - 2
    height, width = shape
    stride = width + 2
    offsets = _offsets(stride)
    size = order.size + 2
    label = np.zeros((height + 2) * stride, np.int32)
    parent = np.empty(size, np.int32)
    box = np.empty((size, 4), np.int32)
    node = np.empty(size, np.int32)
    touched = np.empty(2 * size, np.int32)
    nodes = np.empty((size, 6), np.int32)
    emitted = 0
    basins = 1
    # Basin 0 is the frame: of holes the root that is no hole. The padding
    # bears its label; of components it is never joined.
    parent[0] = 0
    node[0] = -1
    flip = np.uint8(255 if holes else 0)
    towards = -1 if holes else 1
    for step in range(count):
        level = step if holes else count - step
        floor = level + 1 if holes else level
        changed = 0
        number = begin[level + 1] - begin[level]
        at = begin[level + 1] - 1 if holes else begin[level]
        for _ in range(number):
            pixel = order[at]
            at += towards
            case = cases[pixel] ^ flip
            groups = table[case, 0]
            if groups == 0:
                root = basins
                basins += 1
                label[pixel] = root
                parent[root] = root
                node[root] = -1
                y, x = pixel // stride - 1, pixel % stride - 1
                box[root, 0] = x
                box[root, 1] = y
                box[root, 2] = x
                box[root, 3] = y
                touched[changed] = root
                changed += 1
                continue
            basin = label[pixel + offsets[table[case, 1]]]
            label[pixel] = basin
            sides = table[case, 5]
            if groups == 1 and sides == 0:
                continue
            root = _find(parent, basin)
            wider = False
            for j in range(1, groups):
                other = label[pixel + offsets[table[case, 1 + j]]]
                lost = _find(parent, other)
                if lost == root:
                    continue
                if lost < root:
                    root, lost = lost, root
                parent[lost] = root
                if node[lost] >= 0:
                    nodes[node[lost], 5] = floor + towards
                if root != 0:
                    box[root, 0] = min(box[root, 0], box[lost, 0])
                    box[root, 1] = min(box[root, 1], box[lost, 1])
                    box[root, 2] = max(box[root, 2], box[lost, 2])
                    box[root, 3] = max(box[root, 3], box[lost, 3])
                    wider = True
            if root == 0:
                continue
            if sides != 0:
                y, x = pixel // stride - 1, pixel % stride - 1
                if x < box[root, 0]:
                    box[root, 0] = x
                    wider = True
                if y < box[root, 1]:
                    box[root, 1] = y
                    wider = True
                if x > box[root, 2]:
                    box[root, 2] = x
                    wider = True
                if y > box[root, 3]:
                    box[root, 3] = y
                    wider = True
            if wider:
                touched[changed] = root
                changed += 1
        for i in range(changed):
            root = touched[i]
            last = node[root]
            if parent[root] != root or (last >= 0 and nodes[last, 4] == floor):
                continue
            if last >= 0:
                nodes[last, 5] = floor + towards
            node[root] = emitted
            for j in range(4):
                nodes[emitted, j] = box[root, j]
            nodes[emitted, 4] = floor
            nodes[emitted, 5] = count if holes else 1
            emitted += 1
    return nodes[:emitted].copy()


@_jit
def _trace_largest(order, begin, cases, table, growth, shape, last_wins):
    """Box of the largest component of ``levels >= floor``, floors 1, 2 ...

    Sizes grow by ``growth[case]``; of equals the one wins whose first pixel
    in raster order comes last, or first.
    """
    count = begin.size - 2
    height, width = shape
    stride = width + 2
    offsets = _offsets(stride)
    size = order.size + 2
    label = np.zeros((height + 2) * stride, np.int32)
    parent = np.empty(size, np.int32)
    box = np.empty((size, 4), np.int32)
    first = np.empty(size, np.int32)
    area = np.empty(size, np.int64)
    seen = np.zeros(size, np.int32)
    rivals = np.empty(3 * size, np.int32)
    boxes = np.zeros((count, 4), np.int64)
    basins = 0
    best = -1
    tied = 0
    for level in range(count, 0, -1):
        for at in range(begin[level], begin[level + 1]):
            pixel = order[at]
            case = cases[pixel]
            groups = table[case, 0]
            if groups == 0:
                root = basins
                basins += 1
                parent[root] = root
                y, x = pixel // stride - 1, pixel % stride - 1
                box[root, 0] = x
                box[root, 1] = y
                box[root, 2] = x
                box[root, 3] = y
                first[root] = pixel
                area[root] = 0
                basin = root
            else:
                basin = label[pixel + offsets[table[case, 1]]]
                root = _find(parent, basin)
            label[pixel] = basin
            for j in range(1, groups):
                other = label[pixel + offsets[table[case, 1 + j]]]
                lost = _find(parent, other)
                if lost == root:
                    continue
                if lost < root:
                    root, lost = lost, root
                parent[lost] = root
                area[root] += area[lost]
                first[root] = min(first[root], first[lost])
                box[root, 0] = min(box[root, 0], box[lost, 0])
                box[root, 1] = min(box[root, 1], box[lost, 1])
                box[root, 2] = max(box[root, 2], box[lost, 2])
                box[root, 3] = max(box[root, 3], box[lost, 3])
            if table[case, 5] != 0:
                y, x = pixel // stride - 1, pixel % stride - 1
                box[root, 0] = min(box[root, 0], x)
                box[root, 1] = min(box[root, 1], y)
                box[root, 2] = max(box[root, 2], x)
                box[root, 3] = max(box[root, 3], y)
            if case & 15 == 0 and pixel < first[root]:
                first[root] = pixel
            area[root] += growth[case]
            if area[root] > best:
                best = area[root]
                tied = 1
                rivals[0] = root
            elif area[root] == best and rivals[tied - 1] != root:
                rivals[tied] = root
                tied += 1
        # Keep each living rival once, and pick among them.
        kept = 0
        for i in range(tied):
            root = rivals[i]
            if (
                parent[root] == root
                and area[root] == best
                and seen[root] != level
            ):
                seen[root] = level
                rivals[kept] = root
                kept += 1
        tied = kept
        if tied:
            winner = rivals[0]
            for i in range(1, tied):
                rival = rivals[i]
                if (first[rival] > first[winner]) == last_wins:
                    winner = rival
            for j in range(4):
                boxes[level - 1, j] = box[winner, j]
    return boxes
