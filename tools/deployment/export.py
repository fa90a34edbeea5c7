"""Export a trained model to ONNX or torch.export, and check it.

python tools/deployment/export.py CONFIG CKPT --out DIR --check IMAGES...

writes DIR/model.onnx (or model.pt2), DIR/model.json, which says how to feed
it, and DIR/box_step.py, the step from map to box, which needs NumPy only.
ONNX needs the extra `export`: pip install "mmspg[export]".
"""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='its weights')
    parser.add_argument('--out', default='exported', help='folder (exported)')
    parser.add_argument('--format', choices=['onnx', 'torch'], default='onnx')
    parser.add_argument(
        '--check',
        nargs='+',
        default=[],
        metavar='IMAGE',
        help='images or folders: the boxes of the exported model must be\n'
        "within a pixel of PyTorch's, else the exit status is 1",
    )
    parser.add_argument('--input-size', type=int, help='as of tools/test.py')
    parser.add_argument('--allow-pickle', action='store_true')
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], metavar='KEY=VALUE'
    )
    args = parser.parse_args()
    if not args.allow_pickle:
        os.environ['TORCH_FORCE_WEIGHTS_ONLY_LOAD'] = '1'
    return args


def describe(find, sides):
    """What whoever runs the model has to know."""
    from mmspg.apis.export import INPUTS, OUTPUTS

    return dict(
        inputs=dict(
            zip(
                INPUTS,
                (
                    '(N, 3, H, W) float32, R G B in 0 to 255, the image '
                    'resized bilinearly with antialiasing',
                    '(N,) int64, class of label_map',
                ),
                strict=True,
            )
        ),
        outputs=dict(
            zip(
                OUTPUTS,
                (
                    '(N, C) softmax',
                    '(N,) int64',
                    '(N, h, w) in [0, 1], for box_step.box_of',
                    'likewise',
                ),
                strict=True,
            )
        ),
        input_size=sides,
        classes=list(find.classes or ()),
        threshold=find.protocol.threshold,
        rule=find.protocol.rule,
        align_corners=find.protocol.align_corners,
    )


def main():
    args = parse_args()

    # After the arguments, since these take seconds to import.
    from mmspg.apis import LocalizationInferencer, box_step
    from mmspg.apis import export as exporting
    from mmspg.utils import cfg as change

    try:
        cfg = change.load_config(args.config)
        if args.input_size:
            change.set_input_size(cfg, args.input_size)
        cfg.merge_from_dict(change.parse_options(args.cfg_options))
        find = LocalizationInferencer(cfg, args.checkpoint)
        model = exporting.ExportModel(find.model).eval()
        sides = exporting.input_size(find)
    except (OSError, TypeError, ValueError) as error:
        sys.exit(f'export.py: {error}')

    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    if args.format == 'onnx':
        path = out / 'model.onnx'
        try:
            exporting.export_onnx(model, path, sides[1])
        except ImportError as error:
            sys.exit(f'export.py: {error}. pip install "mmspg[export]"')
    else:
        path = out / 'model.pt2'
        exporting.export_program(model, path, sides[1])
    (out / 'model.json').write_text(
        json.dumps(describe(find, sides), indent=1) + '\n'
    )
    shutil.copyfile(box_step.__file__, out / 'box_step.py')
    print(f'wrote {path}')
    if args.check:
        good = True
        for image in args.check:
            for name, gap, same in exporting.compare(find, path, image):
                print(f'{name}: boxes {gap} pixels apart, same class: {same}')
                good &= gap <= 1 and same
        sys.exit(0 if good else 'export.py: the models differ')


if __name__ == '__main__':
    main()
