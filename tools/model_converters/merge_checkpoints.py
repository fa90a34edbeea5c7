"""Join checkpoints of classifiers into one of an EnsembleClassifier.

    python tools/model_converters/merge_checkpoints.py A.pth B.pth --out AB.pth

The members of the ensemble are the files, in this order.
"""

import argparse
import sys
from pathlib import Path


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('members', nargs='+', type=Path)
    parser.add_argument('--out', required=True, type=Path)
    parser.add_argument(
        '--allow-pickle',
        action='store_true',
        help='unpickle in full, which can run code: for files you trust',
    )
    return parser.parse_args()


def merge(checkpoints):
    """One checkpoint of many.

    Args:
        checkpoints (list[dict]): Each has ``state_dict`` or is one.

    Returns:
        dict: ``state_dict``, and ``meta`` of the first.
    """
    state_dict = {
        f'members.{i}.{name}': weight
        for i, checkpoint in enumerate(checkpoints)
        for name, weight in checkpoint.get('state_dict', checkpoint).items()
        if not name.startswith('data_preprocessor.')
    }
    return dict(state_dict=state_dict, meta=checkpoints[0].get('meta', {}))


def main():
    args = parse_args()
    for path in args.members:
        if not path.is_file():
            sys.exit(f"merge_checkpoints.py: there is no file '{path}'.")

    # After the arguments, since these take seconds to import.
    import torch

    from mmspg.utils.checkpoint import read_checkpoint
    from mmspg.utils.unpickling import allow_pickle

    allow_pickle(args.allow_pickle)
    try:
        found = [read_checkpoint(str(path)) for path in args.members]
    except ValueError as error:
        sys.exit(f'merge_checkpoints.py: {error}')
    torch.save(merge(found), args.out)
    print(f'{len(found)} members in {args.out}')


if __name__ == '__main__':
    main()
