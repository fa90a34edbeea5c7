"""Evaluate the score maps of any program by the WSOL benchmark's protocol.

A drop-in for the benchmark's evaluation.py (Choe et al., CVPR 2020):

    python tools/analysis_tools/eval_score_maps.py --scoremap_root maps \
        --metadata_root metadata --dataset_name CUB --split test \
        --multi_contour_eval --multi_iou_eval --out figures.json

An image ``a/b.jpg`` of ``metadata/CUB/test/image_ids.txt`` has its map in
``maps/a/b.jpg.npy``, 224 x 224 floats in [0, 1], or in
``maps/a/b.jpg.npz`` as ``tools/test.py --dump-score-maps maps`` writes it.
What is wrong with an image does not stop the others: the figures of those
that could be evaluated are printed and written, with the list of errors, and
the exit status is 1.
"""

import argparse
import json
import os
import sys
import time
from multiprocessing import get_context
from pathlib import Path


def flag(text):
    """Read true or false, as the benchmark's flags may be followed by."""
    words = dict(
        true=True,
        yes=True,
        t=True,
        y=True,
        false=False,
        no=False,
        f=False,
        n=False,
        **{'1': True, '0': False},
    )
    if text.lower() not in words:
        raise argparse.ArgumentTypeError(
            f'true or false was expected, not {text!r}'
        )
    return words[text.lower()]


def parse_args(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('--scoremap_root', default='train_log/scoremaps/', help='the maps')
    add('--metadata_root', default='metadata/', help='DATASET/SPLIT in it')
    add('--mask_root', default='dataset/', help='OpenImages/... in it')
    add('--dataset_name', required=True, help='a folder of metadata_root')
    add('--split', required=True, help='a folder of the data set: val, test')
    add(
        '--cam_curve_interval',
        type=float,
        default=0.01,
        help='distance of the thresholds (%(default)s)',
    )
    add(
        '--multi_contour_eval',
        type=flag,
        nargs='?',
        const=True,
        default=False,
        help='the best box of all contours, not that of the largest',
    )
    add(
        '--multi_iou_eval',
        type=flag,
        nargs='?',
        const=True,
        default=False,
        help='the mean over the IoU thresholds, not the figure at 50',
    )
    add(
        '--iou_threshold_list',
        nargs='+',
        type=int,
        default=[30, 50, 70],
        help='IoU thresholds in percent (30 50 70)',
    )
    add('--out', metavar='FILE.json', help='write figures and settings')
    add(
        '--workers',
        type=int,
        default=1,
        help='processes (%(default)s)',
    )
    args = parser.parse_args(argv)
    if not 0 < args.cam_curve_interval < 1:
        parser.error('--cam_curve_interval must be between 0 and 1')
    if args.workers < 1:
        parser.error('--workers must be at least 1')
    if not all(0 < iou <= 100 for iou in args.iou_threshold_list):
        parser.error('--iou_threshold_list is in percent, 1 to 100')
    return args


def main():
    args = parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    # After the arguments, since this takes seconds to import.
    from mmspg.evaluation.wsol.score_map_files import check_maps_differ
    from mmspg.evaluation.wsol.split import read_split

    try:
        images = read_split(
            Path(args.metadata_root, args.dataset_name, args.split),
            args.mask_root,
            args.dataset_name,
        )
        check_maps_differ(args.scoremap_root, (i.image for i in images))
    except (OSError, ValueError) as error:
        sys.exit(f'eval_score_maps.py: {error}')
    from mmspg.evaluation.metrics.wsol_tally import Tally

    tally = Tally(args, masks=images[0].boxes is None)
    stopped = None
    try:
        run(images, tally, args)
    except BaseException as error:
        # Also an interruption: what was computed is written first.
        tally.errors.append(f'stopped by {type(error).__name__} {error}')
        stopped = error
    report = tally.report(len(images))
    if args.out:
        Path(args.out).parent.mkdir(parents=True, exist_ok=True)
        Path(args.out).write_text(json.dumps(report, indent=2) + '\n')
    print(tally.text(report))
    for error in tally.errors[:20]:
        print(f'error: {error}', file=sys.stderr)
    if len(tally.errors) > 20:
        print(f'... and {len(tally.errors) - 20} more', file=sys.stderr)
    if stopped and not isinstance(stopped, KeyboardInterrupt):
        raise stopped
    sys.exit(1 if tally.errors else 0)


def run(images, tally, args):
    """Evaluate all images, in this process or in several."""
    work = tally.worker(args.scoremap_root)
    if args.workers == 1:
        results = map(work, images)
        follow(results, tally, len(images))
        return
    # One thread of OpenCV each: the processes share the cores already.
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    with get_context().Pool(args.workers) as pool:
        results = pool.imap_unordered(work, images, chunksize=8)
        follow(results, tally, len(images))


def follow(results, tally, total):
    """Add up results as they come, and show how far they are."""
    start = shown = time.monotonic()
    for done, result in enumerate(results, 1):
        tally.add(*result)
        now = time.monotonic()
        if now - shown >= 2 or done == total:
            shown = now
            rate = done / max(now - start, 1e-9)
            left = (total - done) / rate
            print(
                f'{done}/{total} maps, {rate:.0f} a second, {left:.0f} s left',
                file=sys.stderr,
                flush=True,
            )


if __name__ == '__main__':
    main()
