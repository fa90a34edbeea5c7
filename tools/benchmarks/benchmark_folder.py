"""Images/s of a folder, and of each step of it alone.

    python tools/benchmarks/benchmark_folder.py

Loading, the network and the boxes of `LocalizationInferencer.stream` overlap.
So with two free cores a folder should take as long as its slowest step alone;
`share` says how near it comes, by the clock. The photographs are drawn, 500 x
375 pixels, and the network is SPG on EfficientNet-Lite0 with random weights.
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
    add('--num', type=int, default=64, help='photographs (%(default)s)')
    add('--batch', type=int, default=8, help='images a batch (%(default)s)')
    add('--rounds', type=int, default=3, help='the best of these counts')
    args = parser.parse_args()
    if min(args.num, args.batch, args.rounds) < 1:
        parser.error('all numbers must be at least 1')
    return args


def main():
    args = parse_args()
    import torch
    from photographs import ROOT, draw_photographs

    sys.path.insert(0, str(ROOT))
    from mmspg.apis import LocalizationInferencer
    from mmspg.apis.inputs import list_inputs, load_inputs

    torch.set_num_threads(1)
    find = LocalizationInferencer(str(ROOT / CONFIG), pretrained=False)
    with tempfile.TemporaryDirectory() as folder:
        draw_photographs(Path(folder), args.num)
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
        for _ in range(args.rounds):
            for step in steps:
                begin = time.perf_counter()
                step()
                spent = time.perf_counter() - begin
                best[step] = min(best[step], spent)
    print('| step | images/s |\n|---|--:|')
    for step, seconds in best.items():
        print(f'| {step.__name__} | {args.num / seconds:.1f} |')
    share = max(best[step] for step in steps[:-1]) / best[together]
    print(f'\nshare: {share:.0%} of the slowest step')


if __name__ == '__main__':
    main()
