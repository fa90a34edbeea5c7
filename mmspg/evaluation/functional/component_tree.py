"""Box nested foregrounds in one pass over the sorted pixels (numba).

Every function takes unsigned integers ``levels`` ``(H, W)`` and the increasing
floors of distinct foregrounds ``levels >= floor``, and gives inclusive pixels
x0 y0 x1 y1. One pass is enough for any number of floors.

Pixels join from the highest level down (ties in raster order), and a
union-find keeps the components. What a pixel does when it joins depends on
which of its eight neighbours have joined before. A table has an answer for
each of these 256 cases:

* No neighbour has joined: the pixel opens a new basin, the unit of the
  union-find.
* The joined neighbours are connected, as for nearly every pixel of a smooth
  map: the pixel joins their basin, and no root has to be looked up.
* There are several groups of neighbours: their components become one.

The table also tells which sides of the component's box the pixel can widen.
Holes are the components of the background that do not reach the frame. The
same pass finds them in reverse order, with the complementary cases.

Two facts make the contours equal to OpenCV's:

* The box of a hole's contour is that of the 4-connected hole, one pixel
  wider on each side.
* `cv2.contourArea` of an outer contour is the area of the polygon through the
  centres of its border pixels. Once holes are filled it is the sum over 2 x 2
  cells of 1/2 for three pixels and of 1 for four, which grows by pixels.
"""

import numpy as np

from .joining import (
    CELLS,
    EIGHT,
    FOUR,
    PIXEL,
    fill_holes,
    find,
    jit,
    join_order,
    keep_roots,
    offsets,
    open_box,
    room,
    steps_and_sides,
    widen,
    widen_by_pixel,
)


def largest_contour(levels, floors):
    """Box the outer contour with the largest `cv2.contourArea`.

    A contour of a hole or in a hole is smaller, so it cannot be the largest.
    Of equals, the component whose first pixel comes last in raster order
    counts, since OpenCV lists it first.

    Returns:
        ndarray: ``(len(floors), 4)``.
    """
    return _largest(fill_holes(levels), floors, CELLS, last_wins=True)


def largest_area(levels, floors):
    """Box the 8-connected component with the most pixels.

    Of equals, the one whose first pixel comes first in raster order counts.

    Returns:
        ndarray: ``(len(floors), 4)``.
    """
    return _largest(levels, floors, PIXEL, last_wins=False)


def components(levels, floors):
    """Box all 8-connected components, those with most pixels first.

    Of equals, the one whose first pixel comes first in raster order is first.

    Returns:
        tuple[ndarray]: See `all_contours`.
    """
    prepared = join_order(levels, floors)
    rows = _trace_sizes(*prepared, EIGHT, PIXEL, levels.shape, True, False)
    rows = rows[np.lexsort((rows[:, 6], -rows[:, 5], rows[:, 4]))]
    return rows[:, :4], rows[:, 4:5] + (-1, 0)


def all_contours(levels, floors):
    """Box all contours, including those of holes, in no order.

    Returns:
        tuple[ndarray]: Boxes ``(n, 4)``, and for each box the range of floors
        that it holds for, ``(n, 2)``: the first and one past the last.
    """
    prepared = join_order(levels, floors)
    outer = _trace(*prepared, EIGHT, levels.shape, False)
    inner = _trace(*prepared, FOUR, levels.shape, True)
    inner[:, :4] += (-1, -1, 1, 1)
    spans = np.concatenate([outer[:, [5, 4]], inner[:, [4, 5]]])
    boxes = np.concatenate([outer[:, :4], inner[:, :4]])
    return boxes.astype(np.int64), spans - (1, 0)


def _largest(levels, floors, growth, last_wins):
    prepared = join_order(levels, floors)
    rows = _trace_sizes(
        *prepared, EIGHT, growth, levels.shape, False, last_wins
    )
    return rows[::-1, :4]


@jit
def _trace(order, begin, table, shape, holes):
    """Box all components of ``levels >= floor``, or their holes.

    This gives ``(n, 6)``: the box, and the first and last floor it holds for.
    """
    count = begin.size - 2
    height, width = shape
    stride = width + 2
    around = offsets(stride)
    size = order.size // 2 + 2  # no two basins touch
    label = np.zeros((height + 2) * stride, np.int32)
    parent = np.empty(size, np.int32)
    box = np.empty((size, 4), np.int32)
    node = np.empty(size, np.int32)
    touched = np.empty(2 * order.size, np.int32)
    edge = np.empty(order.size + 1, np.int32)
    nodes = np.empty((1024, 6), np.int32)
    emitted = 0
    basins = 1
    # Basin 0 is the frame, whose label the padding has. For holes it is the
    # root that is no hole. For components nothing joins it. It never grows.
    parent[0] = 0
    box[0, :2] = 0
    box[0, 2:] = max(shape)
    node[0] = -1
    flip = 255 if holes else 0
    towards = -1 if holes else 1
    steps, sides = steps_and_sides(table, around, flip)
    for turn in range(count):
        level = turn if holes else count - turn
        floor = level + 1 if holes else level
        changed = edges = 0
        number = begin[level + 1] - begin[level]
        at = begin[level + 1] - 1 if holes else begin[level]
        for _ in range(number):
            pixel, case = order[at] >> 8, order[at] & 255
            at += towards
            edge[edges] = pixel
            edges += sides[case] & 15 != 0
            step = steps[case]
            if step != 0:
                label[pixel] = label[pixel + step]
                continue
            case ^= flip
            if table[case, 0] == 0:
                label[pixel] = basins
                parent[basins] = basins
                node[basins] = -1
                open_box(box, basins)
                basins += 1
                continue
            root = find(parent, label[pixel + around[table[case, 1]]])
            wider = False
            for j in range(1, table[case, 0]):
                other = label[pixel + around[table[case, 1 + j]]]
                lost = find(parent, other)
                if lost == root:
                    continue
                if lost < root:
                    root, lost = lost, root
                parent[lost] = root
                if node[lost] >= 0:
                    nodes[node[lost], 5] = floor + towards
                if root != 0:
                    widen(box, root, box[lost])
                    wider = True
            label[pixel] = root
            if wider and root != 0:
                touched[changed] = root
                changed += 1
        for pixel in edge[:edges]:
            root = find(parent, label[pixel])
            touched[changed] = root
            changed += widen_by_pixel(box, root, pixel, stride)
        nodes = room(nodes, emitted + changed)
        for root in touched[:changed]:
            last = node[root]
            if parent[root] != root or (last >= 0 and nodes[last, 4] == floor):
                continue
            if last >= 0:
                nodes[last, 5] = floor + towards
            node[root] = emitted
            nodes[emitted, :4] = box[root]
            nodes[emitted, 4] = floor
            nodes[emitted, 5] = count if holes else 1
            emitted += 1
    return nodes[:emitted].copy()


@jit
def _trace_sizes(order, begin, table, growth, shape, every, last_wins):
    """Box components of ``levels >= floor``, and give their sizes.

    Sizes grow by ``growth[case]``. ``every`` gives all components. Otherwise
    the largest; of equals the last in raster order, or the first.

    It gives ``(n, 7)``: the box, the floor (highest first), the size and the
    first pixel.
    """
    count = begin.size - 2
    height, width = shape
    stride = width + 2
    around = offsets(stride)
    size = (height + 1) // 2 * ((width + 1) // 2)  # no two basins touch
    label = np.empty((height + 2) * stride, np.int32)
    parent = np.empty(size, np.int32)
    box = np.empty((size, 4), np.int32)
    first = np.empty(size, np.int32)
    area = np.empty(size, np.int64)
    grown = np.zeros(size, np.int32)
    seen = np.zeros(size, np.int32)
    kept = np.empty(2 * size, np.int32)
    edge = np.empty(order.size + 1, np.int32)
    rows = np.empty((1024, 7), np.int64)
    steps, sides = steps_and_sides(table, around, 0)
    basins = number = emitted = 0
    for level in range(count, 0, -1):
        edges = 0
        for at in range(begin[level], begin[level + 1]):
            pixel, case = order[at] >> 8, order[at] & 255
            step = steps[case]
            if step != 0:
                root = label[pixel + step]
                if parent[root] != root:
                    root = find(parent, root)
            elif table[case, 0] == 0:
                root = basins
                basins += 1
                parent[root] = root
                open_box(box, root)
                first[root] = pixel
                area[root] = 0
            else:
                root = find(parent, label[pixel + around[table[case, 1]]])
                for j in range(1, table[case, 0]):
                    other = label[pixel + around[table[case, 1 + j]]]
                    lost = find(parent, other)
                    if lost == root:
                        continue
                    if lost < root:
                        root, lost = lost, root
                    parent[lost] = root
                    area[root] += area[lost]
                    first[root] = min(first[root], first[lost])
                    widen(box, root, box[lost])
            # With the root, not the first basin, the next look-up is shorter.
            label[pixel] = root
            area[root] += growth[case]
            edge[edges] = pixel
            edges += sides[case] != 0
            if grown[root] != level:
                grown[root] = level
                kept[number] = root  # after those of the level above
                number += 1
        for pixel in edge[:edges]:
            root = find(parent, label[pixel])
            widen_by_pixel(box, root, pixel, stride)
            first[root] = min(first[root], pixel)
        number = keep_roots(kept, number, level, parent, seen, area, every)
        if not every:
            winner = 0
            for i in range(1, number):
                later = first[kept[i]] > first[kept[winner]]
                winner = i if later == last_wins else winner
            kept[0], kept[winner] = kept[winner], kept[0]
        shown = number if every else 1
        rows = room(rows, emitted + shown)
        for root in kept[:shown]:
            rows[emitted, :4] = box[root]
            rows[emitted, 4] = level
            rows[emitted, 5] = area[root]
            rows[emitted, 6] = first[root]
            emitted += 1
    return rows[:emitted].copy()
