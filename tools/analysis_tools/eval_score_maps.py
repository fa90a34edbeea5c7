r"""Evaluate score maps of any program by the WSOL benchmark's protocol.

This replaces the benchmark's evaluation.py (Choe et al., CVPR 2020):

    python tools/analysis_tools/eval_score_maps.py --scoremap_root maps \
        --metadata_root metadata --dataset_name CUB --split test \
        --multi_contour_eval --multi_iou_eval --out figures.json

An image ``a/b.jpg`` of ``metadata/CUB/test/image_ids.txt`` has its map in
``maps/a/b.jpg.npy``, 224 x 224 floats in [0, 1], or in
``maps/a/b.jpg.npz`` as ``tools/test.py --dump-score-maps maps`` writes it.
A fault of one image does not stop the others. The figures of the images that
could be evaluated are printed and written with the list of errors, and the
exit status is 1.
"""

import argparse
import json
import math
import os
import sys
import time
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from mmspg.utils import command_line as cli


def flag(text):
    """Read true or false, which may follow the benchmark's flags."""
    if text.lower() in ('true', 'yes', 't', 'y', '1'):
        return True
    if text.lower() in ('false', 'no', 'f', 'n', '0'):
        return False
    raise argparse.ArgumentTypeError(f'expected true or false, got {text!r}')


def a_step(text):
    """Read a step: NAME, or NAME:OPTION=NUMBER."""
    name, _, options = text.partition(':')
    if not options:
        return name
    pairs = (option.partition('=') for option in options.split(','))
    try:
        return dict(type=name, **{key: float(v) for key, _, v in pairs})
    except ValueError:
        raise argparse.ArgumentTypeError(
            'expected a step, for example percentile or percentile:q=0.8, '
            f'got {text!r}'
        ) from None


def parse_args():
    parser = cli.tool_parser(__doc__)
    add = parser.add_argument
    add(
        '--scoremap_root',
        default='train_log/scoremaps/',
        help='folder of the maps (default: %(default)s)',
    )
    add(
        '--metadata_root',
        default='metadata/',
        help='folder that has the folders DATASET/SPLIT (default: '
        '%(default)s)',
    )
    add(
        '--mask_root',
        default='dataset/',
        help='folder that has the masks in OpenImages/ (default: %(default)s)',
    )
    add('--dataset_name', required=True, help='name of the data set')
    add('--split', required=True, help='name of the split: val or test')
    add(
        '--cam_curve_interval',
        type=float,
        default=0.01,
        help='distance of the thresholds (default: %(default)s)',
    )
    a_flag = dict(type=flag, nargs='?', const=True, default=False)
    add(
        '--multi_contour_eval',
        **a_flag,
        help='count the best box of all contours, not only the largest one',
    )
    add(
        '--multi_iou_eval',
        **a_flag,
        help='take the mean over the IoU thresholds, not the figure at 50',
    )
    add(
        '--iou_threshold_list',
        nargs='+',
        type=int,
        default=[30, 50, 70],
        help='IoU thresholds in percent (default: 30 50 70)',
    )
    add(
        '--score_map_steps',
        nargs='+',
        type=a_step,
        default=[],
        metavar='STEP',
        help='steps that bring a map to [0, 1] instead of min-max: '
        'percentile, ivr, max; an option is written percentile:q=0.8',
    )
    add(
        '--out',
        metavar='FILE.json',
        help='write figures and settings into this file',
    )
    cli.add_shared(parser, '--workers')
    args = cli.read_arguments(parser)
    if not 0 < args.cam_curve_interval < 1:
        parser.error('--cam_curve_interval must be between 0 and 1')
    if not all(0 < iou <= 100 for iou in args.iou_threshold_list):
        parser.error('--iou_threshold_list is in percent, 1 to 100')
    return args


def main():
    args = parse_args()
    # After the arguments, since these take a while to import.
    from mmspg.evaluation.functional import checked_steps
    from mmspg.evaluation.wsol.grid import wsol_thresholds
    from mmspg.evaluation.wsol.max_box_acc import BoxAccuracy
    from mmspg.evaluation.wsol.score_map_files import check_maps_differ
    from mmspg.evaluation.wsol.split import read_split

    try:
        checked_steps(args.score_map_steps, with_image=False)
        images = read_split(
            Path(args.metadata_root, args.dataset_name, args.split),
            args.mask_root,
            args.dataset_name,
        )
        check_maps_differ(args.scoremap_root, (i.image for i in images))
    except (OSError, ValueError) as error:
        sys.exit(f'eval_score_maps.py: {error}')
    accuracy = BoxAccuracy(
        wsol_thresholds(args.cam_curve_interval),
        tuple(p / 100 for p in dict.fromkeys(args.iou_threshold_list)),
        args.multi_iou_eval,
        args.multi_contour_eval,
    )
    masks = images[0].boxes is None
    total, number, flat, empty, errors, stopped = 0, 0, 0, 0, [], None
    try:
        for counts, error, constant in results(images, accuracy, args):
            if error:
                errors.append(error)
            else:
                total, number = total + counts.astype(int), number + 1
                flat += constant
                empty += masks and not counts[0].any()
    except BaseException as error:
        # After an interruption, too, the computed figures are written first.
        errors.append(f'stopped by {type(error).__name__} {error}')
        stopped = error
    figures = {}
    if number and masks:
        figures = pxap_figures(total, errors)
    elif number:
        figures = box_figures(total, number, accuracy)
    report = dict(
        dataset_name=args.dataset_name,
        split=args.split,
        images=len(images),
        evaluated=number,
        flat_maps=int(flat),
        complete=number == len(images),
        **figures,
        settings=dict(
            rule=None if masks else accuracy.rule,
            resolution=[224, 224],
            cam_curve_interval=args.cam_curve_interval,
            multi_contour_eval=args.multi_contour_eval,
            multi_iou_eval=args.multi_iou_eval,
            iou_threshold_list=args.iou_threshold_list,
            score_map_steps=args.score_map_steps,
            threshold_source='oracle: best on these images',
            scoremap_root=str(args.scoremap_root),
        ),
        errors=sorted(errors),
    )
    if args.out:
        Path(args.out).parent.mkdir(parents=True, exist_ok=True)
        Path(args.out).write_text(json.dumps(report, indent=2) + '\n')
    print(text(report))
    if flat:
        print(
            f'{flat} of {number} score maps are constant, and show no place. '
            'They count as they are: the box of the whole image, or none.',
            file=sys.stderr,
        )
    if empty:
        print(
            f'The masks of {empty} of {number} images have no true pixel.',
            file=sys.stderr,
        )
    for error in errors[:20]:
        print(f'error: {error}', file=sys.stderr)
    if len(errors) > 20:
        print(f'... and {len(errors) - 20} more', file=sys.stderr)
    if stopped and not isinstance(stopped, KeyboardInterrupt):
        raise stopped
    sys.exit(1 if errors else 0)


def results(images, accuracy, args):
    """Evaluate all images, in this process or in several."""
    from mmspg.evaluation.wsol.evaluate import evaluate_files

    work = partial(
        evaluate_files,
        folder=args.scoremap_root,
        accuracy=accuracy,
        steps=args.score_map_steps,
    )
    if args.workers == 1:
        yield from follow(map(work, images), len(images))
        return
    # OpenCV gets one thread, since the processes use all cores.
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    with get_context().Pool(args.workers) as pool:
        done = pool.imap_unordered(work, images, chunksize=8)
        yield from follow(done, len(images))


def follow(done, total):
    """Pass results on as they come, and show how many are done."""
    start = shown = time.monotonic()
    for number, result in enumerate(done, 1):
        yield result
        now = time.monotonic()
        if now - shown >= 2 or number == total:
            shown = now
            rate = number / max(now - start, 1e-9)
            left = (total - number) / rate
            print(
                f'{number}/{total} maps, {rate:.0f} per second, '
                f'{left:.0f} s left',
                file=sys.stderr,
                flush=True,
            )


def box_figures(right, number, accuracy):
    """Give the report's figures for images with boxes."""
    accs, thresholds = accuracy.best(right, number)
    percents = [f'{100 * iou:g}' for iou in accuracy.iou_thrs]
    figures = dict(
        max_box_acc=dict(zip(percents, accs, strict=True)),
        thresholds=dict(zip(percents, thresholds, strict=True)),
        performance=accuracy.summary(accs),
    )
    if accuracy.multi_iou and accuracy.multi_contour:
        figures['max_box_acc_v2'] = figures['performance']
    return figures


def pxap_figures(histograms, errors):
    """Give the report's figures for images with masks."""
    from mmspg.evaluation.functional import pxap

    figure = pxap(histograms)
    if not math.isfinite(figure):
        errors.append('no mask has a true pixel: there is no PxAP')
        figure = None
    return dict(pxap=figure, performance=figure)


def text(report):
    """Lay the report out in lines."""
    settings = report['settings']
    lines = [
        f'{report["dataset_name"]} {report["split"]}: {report["evaluated"]} '
        f'of {report["images"]} images, thresholds '
        f'{settings["cam_curve_interval"]:g} apart, 224 x 224'
    ]
    if report.get('pxap') is not None:
        lines.append(f'PxAP {report["pxap"]:.4f}')
    for percent, acc in report.get('max_box_acc', {}).items():
        lines.append(
            f'MaxBoxAcc at IoU {percent} %: {acc:.4f} ({settings["rule"]}, '
            f'oracle threshold {report["thresholds"][percent]:g})'
        )
    if 'max_box_acc_v2' in report:
        lines.append(f'MaxBoxAccV2: {report["max_box_acc_v2"]:.4f}')
    if not report['complete']:
        lines.append(
            f'INCOMPLETE: {len(report["errors"])} errors. The figures cover '
            'the images that could be evaluated'
        )
    return '\n'.join(lines)


if __name__ == '__main__':
    main()
