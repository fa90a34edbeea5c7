"""Write a checkpoint without the parts that only a training needs.

    python tools/model_converters/publish.py CHECKPOINT OUT

The optimizer, the schedule and the log, which take more than two thirds of the
file, are left out. Weights, config, class names, and what boxes need (map,
threshold, input size) stay. --half halves the size of the weights.
"""

import io
from pathlib import Path

from mmspg.utils import command_line as cli

KEPT = (
    'cfg',
    'dataset_meta',
    'trained_on',
    'localization',
    'epoch',
    'iter',
    'seed',
)


def parse_args():
    parser = cli.tool_parser(__doc__)
    parser.add_argument('checkpoint', help='checkpoint of a training')
    parser.add_argument('out', type=Path, help='file to write')
    parser.add_argument(
        '--half',
        action='store_true',
        help='round the weights to 16 bits. Scores then differ in the third '
        'digit',
    )
    cli.add_shared(parser, '--allow-pickle')
    return cli.read_arguments(parser)


def publish(content, half=False):
    """Keep the parts of a checkpoint that prediction needs.

    Args:
        content (dict): What `read_checkpoint` gave.
        half (bool): Round the weights to 16 bits, and bind the stored
            threshold to the rounded weights. Defaults to False.

    Returns:
        dict: ``state_dict`` and ``meta``.

    Raises:
        ValueError: A weight is too large for 16 bits.
    """
    from mmspg.utils.carried_config import META_KEY
    from mmspg.utils.checkpoint import state_dict_of

    weights = state_dict_of(content)
    old = content.get('meta') or {}
    meta = {key: old[key] for key in KEPT if key in old}
    if half:
        weights = {
            name: value.half() if value.is_floating_point() else value
            for name, value in weights.items()
        }
        lost = [n for n, v in weights.items() if not v.isfinite().all()]
        if lost:
            raise ValueError(
                f'{lost[0]} has values that 16 bits cannot hold. Publish it '
                'without --half.'
            )
        if 'weights' in meta.get(META_KEY, {}):
            from mmspg.evaluation.choices import weights_digest

            digest = weights_digest(weights)
            meta[META_KEY] = dict(meta[META_KEY], weights=digest)
    return dict(state_dict=weights, meta=meta)


def main():
    args = parse_args()

    # After the arguments, since these take seconds to import.
    import torch

    from mmspg.utils.atomic import write_atomically
    from mmspg.utils.checkpoint import read_checkpoint

    with cli.errors_in_one_line(args):
        found = publish(read_checkpoint(args.checkpoint), args.half)
        buffer = io.BytesIO()
        torch.save(found, buffer)
        write_atomically(args.out, buffer.getvalue())
    before = Path(args.checkpoint).stat().st_size
    print(
        f'{args.out}: {len(buffer.getvalue()) / 2**20:.1f} MiB, '
        f'{args.checkpoint} has {before / 2**20:.1f} MiB'
    )


if __name__ == '__main__':
    main()
