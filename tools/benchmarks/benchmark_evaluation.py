"""Time and memory of the evaluation, on score maps drawn on the fly.

    python tools/benchmarks/benchmark_evaluation.py
    python tools/benchmarks/benchmark_evaluation.py --protocols paper

`wsol` puts 50,000 maps of 28 x 28 cells through MaxBoxAcc and MaxBoxAccV2,
both at 1000 thresholds. `paper` puts images of 500 x 375 pixels, each with the
maps of its top 5 classes and of its true class, through LocalizationMetric at
20 thresholds. Maps are smooth hills on noise, as a network's are; the time to
draw them is told apart. `classes` takes the figures of 20,000 classes from
200,000 results, beside a mean for each class.
"""

import argparse
import os
import sys
import time
from functools import partial
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault('OMP_NUM_THREADS', '1')  # before NumPy and OpenCV


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        '--protocols',
        nargs='+',
        choices=('wsol', 'paper', 'classes'),
        default=['wsol', 'paper', 'classes'],
    )
    add('--num', type=int, default=50000, help='images (%(default)s)')
    add('--workers', type=int, default=2, help='processes (%(default)s)')
    add('--seed', type=int, default=0)
    args = parser.parse_args()
    if min(args.num, args.workers) < 1:
        parser.error('--num and --workers must be at least 1')
    return args


def draw_maps(rng, number, side=28):
    """``(number, side, side)`` float32: three hills each, on noise."""
    import numpy as np

    cells = np.arange(side)[:, None]
    centre = rng.uniform(0, side, (2, number, 1, 3))
    width = rng.uniform(2, 8, (2, number, 1, 3))
    y, x = np.exp(-(((cells - centre) / width) ** 2))
    hills = np.einsum('nyk,nxk->nyx', y, x)
    return (hills + rng.normal(0, 0.03, hills.shape)).astype(np.float32)


def draw_sample(index, args):
    """A data sample as the model and the pipeline would give it."""
    import numpy as np

    rng = np.random.default_rng((args.seed, index))
    paper = args.protocol == 'paper'
    width, height = (500, 375) if paper else (224, 224)
    maps = draw_maps(rng, 6 if paper else 1)
    low = rng.uniform(0, 0.5, 2)
    high = low + rng.uniform(0.2, 0.5, 2)
    corners = np.concatenate([low, high]) * np.tile([width, height], 2)
    labels = rng.permutation(1000)[: len(maps)]
    return dict(
        sample_idx=index,
        img_id=f'{index}.jpg',
        gt_label=labels[-1:],
        ori_gt_bboxes=np.rint(corners).astype(np.float32)[None],
        ori_shape=(height, width),
        img_shape=(224, 224),
        score_map=maps,
        score_map_labels=labels,
        pred_score=rng.random(1000),
    )


def build_metrics(protocol):
    from mmspg.evaluation import LocalizationMetric, MaxBoxAcc

    if protocol == 'paper':
        return [LocalizationMetric(thresholds=20)]
    return [MaxBoxAcc(), MaxBoxAcc(multi_iou=True)]


def work(indices, args):
    """Evaluate some images; records, CPU seconds and peak memory."""
    import resource

    metrics = build_metrics(args.protocol)
    begin = time.process_time()
    samples = [draw_sample(index, args) for index in indices]
    drawn = time.process_time()
    seconds = [drawn - begin]
    for metric in metrics:
        begin = time.process_time()
        metric.process(None, samples)
        seconds.append(time.process_time() - begin)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [metric.results for metric in metrics], seconds, peak


def time_classes(classes=20_000, images=200_000):
    """Time the figures of all classes, and the means they are compared to."""
    import numpy as np

    from mmspg.evaluation.metrics.localization_report import per_class

    rng = np.random.default_rng(0)
    label = rng.integers(classes, size=images)
    hits, rank = rng.random(images) < 0.5, rng.integers(9, size=images)
    begin = time.process_time()
    ours = per_class(hits, rank, label)
    middle = time.process_time()
    for name, figures in ours.items():
        own = label == int(name)
        assert np.isclose(figures['gt_known_acc'], 100 * hits[own].mean())
    seconds = middle - begin, time.process_time() - middle
    print(
        f'{classes} classes, {images} results: {seconds[0]:.2f} s of CPU for '
        f'five figures of each; a mean of each takes {seconds[1]:.2f} s'
    )


def main():
    args = parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    for protocol in args.protocols:
        print(f'{protocol}:')
        args.protocol = protocol
        if protocol == 'classes':
            time_classes()
        else:
            time_protocol(args)


def time_protocol(args):
    """Put all images through the metrics of a protocol."""
    metrics = build_metrics(args.protocol)
    work([0], args)  # imports, and what compiles on its first call
    totals = [0.0] * (1 + len(metrics))
    chunks = [
        range(start, min(start + 50, args.num))
        for start in range(0, args.num, 50)
    ]
    begin = time.perf_counter()
    with get_context().Pool(args.workers) as pool:
        results = pool.imap_unordered(partial(work, args=args), chunks)
        for done, (records, seconds, peak) in enumerate(results, 1):
            for metric, some in zip(metrics, records, strict=True):
                metric.results.extend(some)
            totals = [a + b for a, b in zip(totals, seconds, strict=True)]
            if done % max(len(chunks) // 10, 1) == 0:
                print(
                    f'{len(metrics[0].results)}/{args.num} images, '
                    f'{time.perf_counter() - begin:.0f} s, a worker at most '
                    f'{peak:.0f} MiB',
                    flush=True,
                )
    figures = {}
    for metric in metrics:
        figures.update(metric.evaluate(args.num))
    elapsed = time.perf_counter() - begin
    report(args, metrics, totals, elapsed)


def report(args, metrics, totals, elapsed):
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f'{args.num} images, {args.workers} processes: {elapsed:.1f} s, '
        f'{1000 * elapsed / args.num:.2f} ms an image; the collecting '
        f'process at most {peak:.0f} MiB'
    )
    names = ['drawing the maps']
    for metric in metrics:
        rule = metric.rule
        names.append(
            f'{type(metric).__name__} ({rule}, '
            f'{len(metric.thresholds)} thresholds)'
        )
    for name, seconds in zip(names, totals, strict=True):
        print(f'  {name}: {1000 * seconds / args.num:.2f} ms of CPU an image')


if __name__ == '__main__':
    main()
