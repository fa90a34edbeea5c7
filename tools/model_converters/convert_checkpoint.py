r"""Convert a released checkpoint to mmspg's names.

    python tools/model_converters/convert_checkpoint.py SRC DST \
        --source SOURCE

SOURCE is ``authors``, the SPG released with the paper; ``benchmark``, the one
of the WSOL benchmark (Choe et al., CVPR 2020) on Inception-v3, or on another
trunk, ``benchmark-vgg16`` or ``benchmark-resnet50``; or ``torchvision``, the
ImageNet weights of Inception-v3, of which the trunk is taken (for
``--pretrained`` of tools/train.py).
SRC and DST are .pth or .safetensors; half precision becomes float32.
"""

import re
import sys
from pathlib import Path

from mmspg.utils import command_line as cli

# Prefix of theirs -> prefix of ours. Inception-v3 has torchvision's names.
BRANCHES = {
    'SPG_B_1a.0': 'neck.spg_b1.0',
    'SPG_B_2a.0': 'neck.spg_b2.0',
    'SPG_B_shared': 'neck.spg_b_shared',
    'SPG_C': 'neck.spg_c',
}
HEADS = {
    'authors': {
        'fc6.0': 'neck.a3.conv1',
        'fc7_1.0': 'neck.a3.conv2',
        'classier_1': 'head.classifier',
        'side3.0': 'neck.spg_b1.0',
        'side4.0': 'neck.spg_b2.0',
        'side_all': 'neck.spg_b_shared',
        'branchB': 'neck.spg_c',
    },
    'benchmark': {
        'SPG_A3_1b.0': 'neck.a3.conv1',
        'SPG_A3_2b.0': 'neck.a3.conv2',
        'SPG_A4': 'head.classifier',
        **BRANCHES,
    },
    'torchvision': {},
    'benchmark-vgg16': {
        # Convolution after convolution: there a ReLU is a layer of its own.
        **{
            f'features.{theirs}': f'backbone.features.{ours}.conv'
            for theirs, ours in zip(
                (0, 2, 5, 7, 10, 12, 14), (0, 1, 3, 4, 6, 7, 8), strict=True
            )
        },
        **{
            f'SPG_A_{stage}.{2 * i}': f'backbone.features.{first + i}.conv'
            for stage, first in ((1, 10), (2, 14))
            for i in range(3)
        },
        'SPG_A_3.0': 'neck.a3.conv1',
        'SPG_A_3.2': 'neck.a3.conv2',
        'SPG_A_4': 'head.classifier',
        **BRANCHES,
    },
    'benchmark-resnet50': {
        **{
            name: f'backbone.{name}'
            for name in ('conv1', 'bn1', 'layer1', 'layer2', 'layer4')
        },
        'SPG_A1.0': 'backbone.layer3.0',
        **{f'SPG_A2.{i}': f'backbone.layer3.{i + 1}' for i in range(5)},
        'SPG_A4': 'head.classifier',
        **BRANCHES,
    },
}
TRUNK = re.compile(r'Conv2d_[1-4]|Mixed_[56]')
# What torchvision's file holds beyond the trunk, and is left out by design.
BEYOND = re.compile(r'Mixed_7|AuxLogits|fc\.')


def parse_args():
    parser = cli.tool_parser(__doc__)
    parser.add_argument('src', type=Path, help='file to read')
    parser.add_argument('dst', type=Path, help='file to write')
    parser.add_argument(
        '--source',
        required=True,
        choices=list(HEADS),
        help='where SRC comes from',
    )
    parser.add_argument(
        '--overlay',
        type=Path,
        help='file whose tensors replace those of SRC before conversion, for '
        'example a first layer for another input normalisation',
    )
    parser.add_argument(
        '--drop-unknown',
        action='store_true',
        help='leave out tensors of SRC that have no place in mmspg',
    )
    parser.add_argument(
        '--keep-missing',
        action='store_true',
        help='accept tensors of mmspg that SRC does not have: they keep '
        'their initialisation',
    )
    cli.add_shared(parser, '--allow-pickle')
    return cli.read_arguments(parser)


def read(path):
    """Read ``{name: tensor}``, unwrapped, from either format."""
    from mmspg.utils.checkpoint import read_checkpoint, state_dict_of

    if not path.is_file():
        raise SystemExit(f'{path}: no such file.')
    if path.suffix == '.safetensors':
        try:
            from safetensors.torch import load_file
        except ImportError:
            raise SystemExit(
                f'{path}: reading .safetensors needs '
                'pip install "mmspg[safetensors]".'
            ) from None
        try:
            found = load_file(path)
        except Exception as error:  # SafetensorError, or torch's
            raise SystemExit(
                f'{path}: not a file of safetensors, or broken ({error})'
            ) from error
    else:
        try:
            found = read_checkpoint(str(path))
        except ValueError as error:
            raise SystemExit(str(error)) from error
    state = state_dict_of(found)
    if not state:
        raise SystemExit(
            f'{path}: expected a dict of tensors, or one under '
            "the key 'state_dict'."
        )
    return state


def convert(state, source):
    """Rename the tensors of ``state``.

    Returns:
        tuple: ``{ours: tensor}`` in float32, ``{ours: theirs}``, and the
        names that have no place, sorted.
    """
    ours, names, dropped = {}, {}, []
    for theirs, tensor in state.items():
        name = None
        if TRUNK.match(theirs):
            name = f'backbone.{theirs}'
        else:
            for prefix, new in HEADS[source].items():
                if theirs.startswith(prefix + '.'):
                    name = new + theirs[len(prefix) :]
        if name is None:
            dropped.append(theirs)
            continue
        names[name] = theirs
        ours[name] = tensor.float() if tensor.is_floating_point() else tensor
    return ours, names, sorted(dropped)


def expected(ours, source):
    """Names and shapes of the mmspg model that ``ours`` should fill."""
    import torch
    from mmengine.config import Config

    from mmspg.registry import MODELS

    classes = len(ours.get('head.classifier.weight', [0]))
    network = source.partition('-')[2] or 'inceptionv3'
    file = f'configs/_base_/models/spg_{network}.py'
    cfg = Config.fromfile(Path(__file__).parents[2] / file).model
    cfg.neck.c_channels, cfg.head.num_classes = (512,), classes
    with torch.device('meta'):
        shapes = {
            f'{part}.{name}': tensor
            for part in ('backbone', 'neck', 'head')
            for name, tensor in MODELS.build(cfg[part]).state_dict().items()
            if source != 'torchvision' or part == 'backbone'
        }
    return {name: tuple(tensor.shape) for name, tensor in shapes.items()}


def write(state, path):
    import torch

    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == '.safetensors':
        from safetensors.torch import save_file

        save_file({k: v.contiguous() for k, v in state.items()}, path)
    else:
        torch.save(dict(state_dict=state), path)


def listed(title, names):
    print(f'{title}: {len(names)}')
    for name in names:
        print(f'    {name}')


def main():
    args = parse_args()
    state = read(args.src)
    if args.overlay:
        overlay = read(args.overlay)
        strange = sorted(set(overlay) - set(state))
        if strange:
            raise SystemExit(
                f'{args.overlay}: {args.src} has no tensors '
                f'{strange} to replace.'
            )
        state.update(overlay)
    ours, names, dropped = convert(state, args.source)
    shapes = expected(ours, args.source)

    # Counters that old files lack do not change a result.
    missing = sorted(
        name
        for name in set(shapes) - set(ours)
        if not name.endswith('num_batches_tracked')
    )
    unknown = [name for name in dropped if not BEYOND.match(name)]
    surplus = sorted(set(ours) - set(shapes))
    wrong = [
        f'{name}: {tuple(ours[name].shape)}, expected {shapes[name]}'
        for name in sorted(set(ours) & set(shapes))
        if tuple(ours[name].shape) != shapes[name]
    ]

    print(f'mapped: {len(ours) - len(surplus)}')
    for name, old in names.items():
        if name not in surplus:
            print(f'    {old} -> {name}')
    listed('dropped', dropped + [names[name] for name in surplus])
    listed('left at its initialisation', missing)

    problems = []
    if wrong:
        problems.append('shapes differ: ' + '; '.join(wrong))
    if (unknown or surplus) and not args.drop_unknown:
        problems.append(
            f'{args.src} has tensors that are not of {args.source}: '
            f'{unknown + [names[name] for name in surplus]}. Is --source '
            'right? To leave them out, add --drop-unknown.'
        )
    if missing and not args.keep_missing:
        problems.append(
            f'{args.src} lacks tensors of the model: {missing}. Is --source '
            'right? To keep their initialisation, add --keep-missing.'
        )
    if problems:
        sys.exit('Nothing was written.\n' + '\n'.join(problems))

    write({name: ours[name] for name in ours if name in shapes}, args.dst)
    print(f'wrote {args.dst}')


if __name__ == '__main__':
    main()
