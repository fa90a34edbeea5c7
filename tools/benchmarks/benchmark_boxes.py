"""Time the boxes against one call of OpenCV a threshold.

    python tools/benchmarks/benchmark_boxes.py --maps FOLDER_OR_FILE

For every threshold the baseline of MaxBoxAcc and MaxBoxAccV2 does what the
WSOL benchmark does: cut the grey levels, `cv2.findContours`, the largest
`cv2.contourArea` or all contours, `cv2.boundingRect`, the IoU. That of the
paper's rule takes the largest of `cv2.connectedComponentsWithStats`, on the
map at the image's size; of equals any, which is less than the rule asks. Both
sides begin with the same float map and run on one thread, map by map in turn;
the time of a map is the best of the repeats, in CPU time, so that other
programs on the machine do not count.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from mmspg.evaluation.functional import (
    all_boxes_at_thresholds,
    best_iou_at_thresholds,
    boxes_at_thresholds,
    min_max,
)
from mmspg.evaluation.wsol.grid import wsol_score_map, wsol_thresholds


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        '--maps',
        type=Path,
        help='.npy or .npz (score_maps, or its first array) of (n, h, w)\n'
        'score maps, or a folder of such files or of (h, w) ones; maps of\n'
        'another size than 224 are resized as the benchmark does.\n'
        'Default: smooth maps drawn from a seed, 28 x 28 resized to 224',
    )
    parser.add_argument(
        '--number', type=int, default=200, help='how many maps'
    )
    parser.add_argument('--repeats', type=int, default=3)
    return parser.parse_args()


def smooth_maps(number):
    """Class maps as a network draws them: a blob on correlated noise."""
    rng = np.random.default_rng(0)
    grid = np.stack(np.meshgrid(np.arange(28), np.arange(28)))
    for _ in range(number):
        noise = rng.normal(size=(28, 28)).astype(np.float32)
        noise = cv2.GaussianBlur(noise, (0, 0), rng.uniform(1.2, 4))
        noise *= rng.uniform(0.3, 1) / noise.std()
        centre, spread = rng.uniform(4, 24, (2, 1, 1)), rng.uniform(3, 8)
        distance = ((grid - centre) ** 2).sum(axis=0)
        yield noise + 3 * np.exp(-distance / (2 * spread**2))


def read_maps(path):
    files = sorted(path.rglob('*.np[yz]')) if path.is_dir() else [path]
    for file in files:
        loaded = np.load(file)
        if isinstance(loaded, np.lib.npyio.NpzFile):
            loaded = loaded[
                'score_maps' if 'score_maps' in loaded else loaded.files[0]
            ]
        yield from loaded.reshape(-1, *loaded.shape[-2:])


def prepare(score_map):
    """A map on the benchmark's grid; one that is there already is kept."""
    ready = score_map.shape == (224, 224) and score_map.dtype == np.float32
    if ready and score_map.min() >= 0 and score_map.max() <= 1:
        return score_map
    return wsol_score_map(score_map)


def wsol_boxes(score_map, thresholds, gt_boxes, every):
    """Boxes (largest contour) or best IoU, one findContours a threshold."""
    grey = (score_map.astype(np.float64) * 255).astype(np.uint8)
    last = np.array(grey.shape[::-1]) - 1
    found, best = [], []
    for threshold in thresholds:
        cut = int(threshold * grey.max())
        _, mask = cv2.threshold(grey, cut, 255, cv2.THRESH_BINARY)
        lines = cv2.findContours(mask, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)[
            -2
        ]
        if lines and not every:
            lines = [max(lines, key=cv2.contourArea)]
        rects = np.array([cv2.boundingRect(c) for c in lines] or [(0,) * 4])
        rects[:, 2:] = np.minimum(rects[:, :2] + rects[:, 2:], last)
        found.append(rects[0])
        if every:
            best.append(iou(rects, gt_boxes))
    return np.array(best) if every else np.array(found)


def paper_boxes(score_map, thresholds, gt_boxes, every):
    """Box of the largest component, or the size order of all of them."""
    found = []
    for threshold in thresholds:
        mask = (score_map > threshold).view(np.uint8)
        stats = cv2.connectedComponentsWithStats(mask, connectivity=8)[2][1:]
        order = np.argsort(-stats[:, 4]) if every else [stats[:, 4].argmax()]
        rects = stats[order, :4]
        rects[:, 2:] += rects[:, :2] - 1
        found.append(rects if every else rects[0])
    return found


def iou(boxes1, boxes2):
    x0, y0, x1, y1 = boxes1.T[:, :, None]
    u0, v0, u1, v1 = boxes2.T[:, None]
    inter = np.maximum(np.minimum(x1, u1) - np.maximum(x0, u0) + 1, 0)
    inter = inter * np.maximum(np.minimum(y1, v1) - np.maximum(y0, v0) + 1, 0)
    area1 = (x1 - x0 + 1) * (y1 - y0 + 1)
    area2 = (u1 - u0 + 1) * (v1 - v0 + 1)
    return (inter / (area1 + area2 - inter)).max()


def contours_only(score_map, thresholds, gt_boxes, every):
    """The least that one findContours a threshold can cost."""
    grey = (score_map.astype(np.float64) * 255).astype(np.uint8)
    highest = grey.max()
    for threshold in thresholds:
        mask = (grey > int(threshold * highest)).view(np.uint8)
        cv2.findContours(mask, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)


def timed(repeats, function, *args):
    best = float('inf')
    for _ in range(repeats):
        begin = time.thread_time()
        result = function(*args)
        best = min(best, time.thread_time() - begin)
    return best * 1000, result


def ours(rule, every):
    """Our function of the arguments of the baselines."""
    if rule == 'largest_area':
        function = all_boxes_at_thresholds if every else boxes_at_thresholds
        return lambda m, t, gt, every: function(m, t, rule)
    if every:
        return lambda m, t, gt, every: best_iou_at_thresholds(m, t, gt, rule)
    return lambda m, t, gt, every: boxes_at_thresholds(m, t, rule)


def unequal(theirs, ours):
    """At how many thresholds the two differ; as sets, where all are given."""
    return sum(
        not np.array_equal(np.unique(a, axis=0), np.unique(b, axis=0))
        if np.ndim(a) == 2
        else not np.array_equal(a, b)
        for a, b in zip(theirs, ours, strict=True)
    )


def compare(maps, thresholds, rule, every, repeats):
    """A row of the table."""
    rng = np.random.default_rng(1)
    high, wide = maps[0].shape
    paper = rule == 'largest_area'
    baseline = paper_boxes if paper else wsol_boxes
    functions = [baseline, ours(rule, every)]
    if not paper:
        functions.append(contours_only)
    functions[1](maps[0], thresholds, np.zeros((1, 4), int), every)  # compiles
    times, wrong = [], 0
    for score_map in maps:
        corners = np.sort(rng.integers(0, (wide, high), (2, 2, 2)), axis=1)
        args = score_map, thresholds, corners.reshape(2, 4), every
        row, found = zip(
            *(timed(repeats, f, *args) for f in functions), strict=True
        )
        times.append(row)
        wrong += unequal(*found[:2])
    theirs, mine, *alone = np.mean(times, axis=0)
    least = f'{alone[0] / mine:.1f}' if alone else ''
    print(
        f'| {rule}{", every box" if every else ""} | {len(thresholds)} '
        f'| {wide} x {high} | {theirs:.2f} | {mine:.2f} '
        f'| {theirs / mine:.1f} | {least} | {wrong} |',
        flush=True,
    )


def main():
    args = parse_args()
    cv2.setNumThreads(1)
    raw = read_maps(args.maps) if args.maps else smooth_maps(args.number)
    raw = [m for m, _ in zip(raw, range(args.number), strict=False)]
    if not raw:
        raise SystemExit(f'no .npy or .npz file with score maps: {args.maps}')
    maps = [prepare(m) for m in raw]
    print(
        f'{len(maps)} maps, OpenCV {cv2.__version__}, one thread; ms a map\n\n'
        '| rule | thresholds | map | OpenCV | ours | ratio | to findContours '
        'alone | thresholds that differ |\n|---' + '|--:' * 7 + '|'
    )
    for interval in (0.001, 0.01):
        for rule, every in (
            ('largest_contour', False),
            ('all_contours', True),
        ):
            thresholds = wsol_thresholds(interval)
            compare(maps, thresholds, rule, every, args.repeats)
    for size in ((500, 375), (896, 896)):
        # As the paper's protocol lays a map on its image.
        maps = [min_max(cv2.resize(m, size)) for m in raw]
        for every in (False, True):
            thresholds = np.arange(20) / 20
            compare(maps, thresholds, 'largest_area', every, args.repeats)


if __name__ == '__main__':
    main()
