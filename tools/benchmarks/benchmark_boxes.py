"""Time the boxes at 1000 thresholds against one findContours a threshold.

    python tools/benchmarks/benchmark_boxes.py --maps FOLDER_OR_FILE

The baseline does for every threshold what the WSOL benchmark does: cut the
grey levels, `cv2.findContours`, the largest `cv2.contourArea` (MaxBoxAcc) or
all contours (MaxBoxAccV2), `cv2.boundingRect`, the IoU. Both sides begin with
the same float map and run on one thread, map by map in turn; the time of a
map is the best of the repeats, in CPU time, so that other programs on the
machine do not count.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from mmspg.evaluation.functional import (
    best_iou_at_thresholds,
    boxes_at_thresholds,
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
    parser.add_argument('--interval', type=float, default=0.001)
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


def baseline(score_map, thresholds, gt_boxes, every):
    """Boxes (largest contour) and best IoU, one findContours a threshold."""
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


def iou(boxes1, boxes2):
    x0, y0, x1, y1 = boxes1.T[:, :, None]
    u0, v0, u1, v1 = boxes2.T[:, None]
    inter = np.maximum(np.minimum(x1, u1) - np.maximum(x0, u0) + 1, 0)
    inter = inter * np.maximum(np.minimum(y1, v1) - np.maximum(y0, v0) + 1, 0)
    area1 = (x1 - x0 + 1) * (y1 - y0 + 1)
    area2 = (u1 - u0 + 1) * (v1 - v0 + 1)
    return (inter / (area1 + area2 - inter)).max()


def contours_only(score_map, thresholds):
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


def main():
    args = parse_args()
    cv2.setNumThreads(1)
    raw = read_maps(args.maps) if args.maps else smooth_maps(args.number)
    maps = [prepare(m) for m, _ in zip(raw, range(args.number), strict=False)]
    if not maps:
        raise SystemExit(f'no .npy or .npz file with score maps: {args.maps}')
    thresholds = wsol_thresholds(args.interval)
    rng = np.random.default_rng(1)
    # The first call compiles or loads the compiled helper.
    for rule in ('largest_contour', 'all_contours'):
        best_iou_at_thresholds(maps[0], thresholds, [[0, 0, 9, 9]], rule)
    times, wrong = [], np.zeros(2, int)
    for score_map in maps:
        corners = np.sort(rng.integers(0, 224, (2, 2, 2)), axis=1)
        gt_boxes = corners.reshape(2, 4)
        row = [timed(args.repeats, contours_only, score_map, thresholds)[0]]
        for i, every in enumerate((False, True)):
            theirs = timed(
                args.repeats,
                baseline,
                score_map,
                thresholds,
                gt_boxes,
                every,
            )
            call = (
                (best_iou_at_thresholds, score_map, thresholds, gt_boxes)
                if every
                else (boxes_at_thresholds, score_map, thresholds)
            )
            rule = 'all_contours' if every else 'largest_contour'
            ours = timed(args.repeats, *call, rule)
            unequal = theirs[1] != ours[1]
            wrong[i] += unequal.reshape(len(thresholds), -1).any(axis=1).sum()
            row += [theirs[0], ours[0]]
        times.append(row)
    alone, *pairs = np.mean(times, axis=0)
    print(
        f'{len(maps)} maps, {len(thresholds)} thresholds, OpenCV '
        f'{cv2.__version__}, one thread; ms a map'
    )
    print(f'findContours alone {alone:8.2f}')
    print(
        'rule             WSOL code     ours    ratio  ratio to '
        'findContours alone  not identical'
    )
    for i, rule in enumerate(('largest_contour', 'all_contours')):
        theirs, ours = pairs[2 * i : 2 * i + 2]
        print(
            f'{rule:16s} {theirs:9.2f} {ours:8.2f} {theirs / ours:8.1f}'
            f'{alone / ours:29.1f} {wrong[i]:14d}'
        )


if __name__ == '__main__':
    main()
