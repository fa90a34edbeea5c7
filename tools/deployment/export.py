"""Export a trained model to ONNX or torch.export, and check it.

python tools/deployment/export.py CHECKPOINT --out DIR --check IMAGES...

writes DIR/model.onnx (or model.pt2), DIR/model.json, which says how to feed
it, and DIR/box_step.py, the step from map to box, which needs NumPy only.
The config is the one that the checkpoint carries; another one goes before it.
ONNX needs the extra `export`: pip install "mmspg[export]".
"""

import json
import os
import shutil
import sys
from pathlib import Path

from mmspg.utils import command_line as cli

WHAT = dict(
    scores='(N, C) softmax, or sigmoids of several labels',
    top_label='(N,) int64',
    top_map='(N, h, w) in [0, 1], for box_step.box_of',
    label_map='the same for label',
    box='(N, 4) x0 y0 x1 y1 in shares of the image: no box step is needed',
)


def parse_args():
    parser = cli.tool_parser(__doc__)
    add = parser.add_argument
    cli.add_model(parser)
    add(
        '--out',
        default='exported',
        metavar='DIR',
        help='folder to write to (default: %(default)s)',
    )
    add(
        '--format',
        choices=['onnx', 'torch'],
        default='onnx',
        help='ONNX, or torch.export (default: %(default)s)',
    )
    add(
        '--check',
        nargs='+',
        default=[],
        metavar='IMAGE',
        help='images or folders to compare the exported model on: the exit '
        "status is 1 unless its boxes are within a pixel of PyTorch's",
    )
    add(
        '--int8',
        nargs='+',
        default=[],
        metavar='IMAGE',
        help='images or folders, of what the model is for, to write a model '
        'in 8 bits with: model.int8.onnx, if 95 %% of the boxes stay',
    )
    cli.add_shared(parser, '--input-size', '--allow-pickle', '--cfg-options')
    args = cli.read_arguments(parser)
    if args.int8 and args.format != 'onnx':
        parser.error('--int8 is for --format onnx')
    return args


def describe(inferencer, model, sides):
    """Describe what one has to know to run the model."""
    from mmspg.apis.export import INPUTS, outputs_of

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
        outputs={name: WHAT[name] for name in outputs_of(model)},
        input_size=sides,
        classes=list(inferencer.classes or ()),
        threshold=inferencer.protocol.threshold,
        rule=inferencer.protocol.rule,
        align_corners=inferencer.protocol.align_corners,
        score_map_steps=inferencer.protocol.score_map_steps,
        normalise=not inferencer.protocol.score_map_steps,
    )


def write_int8(inferencer, path, args):
    """Write the model in 8 bits, and tell how many boxes stay."""
    from mmspg.apis import int8

    out = path.with_suffix('.int8.onnx')
    with cli.errors_in_one_line(args):
        photographs = int8.read_photographs(inferencer, args.int8)
        trials = int8.quantize(path, out, photographs, inferencer.protocol)
    for kept in trials:
        print(
            f'8 bits, {kept.float_layers} of {kept.layers} convolutions in '
            f'float: {kept.boxes:.0%} of the boxes keep an IoU of .9, '
            f'{kept.classes:.0%} of the classes are the same'
        )
    if not out.is_file():
        sys.exit(
            'export.py: in 8 bits too many boxes of this model change, so '
            f'no {out.name} was written. Use {path}.'
        )
    print(f'wrote {out}')


def main():
    args = parse_args()

    # After the arguments, since these take seconds to import.
    from mmspg.apis import LocalizationInferencer, box_step
    from mmspg.apis import export as exporting

    with cli.errors_in_one_line(args):
        cfg, _ = cli.read_model(args)
        cli.apply_arguments(cfg, args)
        inferencer = LocalizationInferencer(
            cfg, args.checkpoint or True, input_size=args.input_size
        )
        model = exporting.ExportModel(
            inferencer.model, inferencer.protocol.score_map_steps
        ).eval()
        sides = exporting.input_size(inferencer)
        if args.check or args.int8:
            exporting.check_rule(inferencer)
        for image in args.check:
            if '://' not in image and not os.path.exists(image):
                raise FileNotFoundError(f'--check: there is no file {image}')
        by_map = not hasattr(inferencer.model.head, 'boxes')
        if by_map and inferencer.protocol.rule != 'largest_area':
            print(
                'box_step.py has only the rule largest_area, and this model '
                f'is used with {inferencer.protocol.rule!r}. Make its boxes '
                'from the maps with mmspg.evaluation.functional.',
                file=sys.stderr,
            )
        if inferencer.protocol.valley is not None:
            print(
                'The exported box step gives one box for each class. The '
                'inferencer divides objects '
                f'(valley {inferencer.protocol.valley:g}), so its boxes may '
                'differ.',
                file=sys.stderr,
            )

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
        json.dumps(describe(inferencer, model, sides), indent=1) + '\n'
    )
    shutil.copyfile(box_step.__file__, out / 'box_step.py')
    print(f'wrote {path}')
    if args.int8:
        write_int8(inferencer, path, args)
    if args.check:
        good = True
        for image in args.check:
            for name, gap, same in exporting.compare(inferencer, path, image):
                print(f'{name}: boxes {gap} pixels apart, same class: {same}')
                good &= gap <= 1 and same
        sys.exit(0 if good else 'export.py: the models differ')


if __name__ == '__main__':
    main()
