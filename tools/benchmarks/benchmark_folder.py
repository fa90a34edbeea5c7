"""Images/s of a folder, and of each step of it alone.

    python tools/benchmarks/benchmark_folder.py
    python tools/benchmarks/benchmark_folder.py --size 1600 1200

Loading, the network and the boxes of `LocalizationInferencer.stream` overlap.
So with free cores a folder should take as long as its slowest step alone, by
the clock. But few cores cannot do more than their number of CPU seconds a
second, so the least of the two is the bound, and the last line says how near
all together come to it. The first batch is loaded and the last is boxed alone,
so a few batches tell little. The photographs are drawn (16, the others are
links to them), and the network is SPG on EfficientNet-Lite0 with random
weights.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault('OMP_NUM_THREADS', '1')  # before NumPy and OpenCV
CONFIG = 'configs/light/spg_efficientnet-lite0_imagenet.py'


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('--num', type=int, default=128, help='photographs (%(default)s)')
    add('--size', type=int, nargs=2, default=(500, 375), help='width, height')
    add('--batch', type=int, default=8, help='images a batch (%(default)s)')
    add('--rounds', type=int, default=3, help='the best of these counts')
    args = parser.parse_args()
    if min(args.num, args.batch, args.rounds, *args.size) < 1:
        parser.error('all numbers must be at least 1')
    return args


def main():
    args = parse_args()
    import torch
    from photographs import ROOT, draw_photographs

    sys.path.insert(0, str(ROOT))
    from mmspg.apis import LocalizationInferencer
    from mmspg.apis.inputs import list_inputs, load_inputs
    from mmspg.utils.freed_memory import keep_freed_memory

    keep_freed_memory()  # as all tools do
    torch.set_num_threads(1)
    find = LocalizationInferencer(str(ROOT / CONFIG), pretrained=False)
    with tempfile.TemporaryDirectory() as folder:
        drawn = draw_photographs(Path(folder), min(args.num, 16), args.size)
        for i in range(len(drawn), args.num):
            photograph = Path(folder, drawn[i % len(drawn)])
            photograph.with_stem(f'{i:05d}').hardlink_to(photograph)
        made, preds = [], []

        def loading():
            infos = (info for info, _ in load_inputs(*list_inputs(folder)))
            made[:] = find.preprocess(infos, args.batch)

        def network():
            preds[:] = [find.forward(batch) for batch in made]

        def boxes():
            for some in preds:
                find.postprocess(some, None)

        def together():
            find(folder, batch_size=args.batch, progress=False)

        steps = (loading, network, boxes, together)
        best = dict.fromkeys(steps, float('inf'))
        cpu = dict(best)
        for _ in range(args.rounds):
            for step in steps:
                begin, spent = time.perf_counter(), time.process_time()
                step()
                spent = time.process_time() - spent
                best[step] = min(best[step], time.perf_counter() - begin)
                cpu[step] = min(cpu[step], spent)
    print('| step | images/s | CPU ms an image |\n|---|--:|--:|')
    for step, seconds in best.items():
        print(
            f'| {step.__name__} | {args.num / seconds:.1f} '
            f'| {1000 * cpu[step] / args.num:.1f} |'
        )
    slowest = max(best[step] for step in steps[:-1])
    cores = len(os.sched_getaffinity(0))
    least = sum(cpu[step] for step in steps[:-1]) / cores
    print(
        f'\nall together reach {slowest / best[together]:.0%} of the slowest '
        f'step, {args.num / slowest:.1f} images/s, and '
        f'{least / best[together]:.0%} of what the CPU seconds of all steps '
        f'allow on {cores} cores, {args.num / least:.1f} images/s.'
    )


if __name__ == '__main__':
    main()
