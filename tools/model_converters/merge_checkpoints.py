"""Merge checkpoints of classifiers into one of an EnsembleClassifier.

    python tools/model_converters/merge_checkpoints.py A.pth B.pth --out AB.pth

The members of the ensemble are these files, in the given order.
"""

import io
from pathlib import Path

from mmspg.utils import command_line as cli


def parse_args():
    parser = cli.tool_parser(__doc__)
    parser.add_argument(
        'members', nargs='+', help='checkpoints of the members'
    )
    parser.add_argument(
        '--out', required=True, type=Path, help='checkpoint to write'
    )
    cli.add_shared(parser, '--allow-pickle')
    return cli.read_arguments(parser)


def merge(checkpoints):
    """Merge checkpoints into one.

    Args:
        checkpoints (list[dict]): Each has ``state_dict`` or is one.

    Returns:
        dict: ``state_dict``, and the ``meta`` of the first checkpoint: with
        the classes, and without its config and its choice of the box, which
        are not those of the ensemble.

    Raises:
        ValueError: The members have different classes.
    """
    from mmspg.datasets.annotations.class_lists import difference
    from mmspg.datasets.photographs.trained_on import TRAINED_ON
    from mmspg.utils.carried_config import META_KEY
    from mmspg.utils.checkpoint import state_dict_of

    metas = [checkpoint.get('meta') or {} for checkpoint in checkpoints]
    named = {
        i: meta['dataset_meta']
        for i, meta in enumerate(metas)
        if (meta.get('dataset_meta') or {}).get('classes')
    }
    first = next(iter(named), 0)
    for i, other in named.items():
        differ = difference(
            named[first]['classes'],
            other['classes'],
            f'member {first}',
            f'member {i}',
        )
        if differ:
            raise ValueError(
                f'{differ}. An ensemble averages scores by position.'
            )
    meta = {k: v for k, v in metas[0].items() if k not in ('cfg', META_KEY)}
    if trained_on := ''.join(m.get(TRAINED_ON, '') for m in metas):
        meta[TRAINED_ON] = trained_on
    if named:
        meta['dataset_meta'] = named[first]
    state_dict = {
        f'members.{i}.{name}': weight
        for i, checkpoint in enumerate(checkpoints)
        for name, weight in state_dict_of(checkpoint).items()
        if not name.startswith('data_preprocessor.')
    }
    return dict(state_dict=state_dict, meta=meta)


def main():
    args = parse_args()

    # After the arguments, since these take seconds to import.
    import torch

    from mmspg.utils.atomic import write_atomically
    from mmspg.utils.checkpoint import read_checkpoint

    with cli.errors_in_one_line(args):
        found = [read_checkpoint(path) for path in args.members]
        buffer = io.BytesIO()
        torch.save(merge(found), buffer)
        write_atomically(args.out, buffer.getvalue())
    print(f'{len(found)} members in {args.out}')


if __name__ == '__main__':
    main()
