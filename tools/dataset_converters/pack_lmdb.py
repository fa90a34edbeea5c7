r"""Pack the images of a data root into one LMDB database.

    python tools/dataset_converters/pack_lmdb.py ROOT

The command writes ROOT/images.lmdb. A key is the path of an image below ROOT,
and its value holds the bytes of the file. If the command is stopped, give it
again: it goes on. Copy the database to the machine that trains, beside the
lists and annotations, and train with

    --cfg-options \
    train_dataloader.dataset.pipeline.0.backend_args.backend=mmspg_lmdb \
    train_dataloader.dataset.pipeline.0.backend_args.data_root=ROOT
"""

import os
import sys
from pathlib import Path

from common import add_root, check_root, chosen, progress, run

from mmspg.datasets.images.walk import tell, walk
from mmspg.utils.command_line import tool_parser

BATCH = 64 * 2**20  # bytes in a transaction; a kill loses one at most
PAGE = 4096


def parse_args():
    parser = tool_parser(__doc__)
    add_root(parser)
    parser.add_argument(
        '--out', type=Path, help='database (default: ROOT/images.lmdb)'
    )
    return parser.parse_args()


def room_for(sizes: list[int]) -> int:
    """Give the largest size of the database; each value has its own pages."""
    pages = sum(size // PAGE + 2 for size in sizes)
    return pages * PAGE * 9 // 8 + 2 * BATCH


def pack(root: Path, names: list[str], out: Path) -> None:
    """Write a database. It gets its name when it is whole.

    Args:
        root (Path): The data root.
        names (list[str]): Paths of the images below the root, with '/'.
        out (Path): The database. Its name is ``<out>.unfinished`` until it
            is whole.

    Raises:
        SystemExit: A path is too long for a key, or the disk is full.
    """
    import lmdb

    sizes = [(root / name).stat().st_size for name in names]
    unfinished = out.with_name(f'{out.name}.unfinished')
    try:
        env = lmdb.open(str(unfinished), map_size=room_for(sizes))
        with env:
            longest = max(names, key=lambda name: len(os.fsencode(name)))
            if len(os.fsencode(longest)) > env.max_key_size():
                sys.exit(
                    f'the path {longest} has more than {env.max_key_size()} '
                    'bytes, which is too long for a key. Rename it.'
                )
            fill(env, root, names)
    except (lmdb.Error, OSError) as error:
        sys.exit(
            f'{unfinished}: {error}. What has been packed stays. Give the '
            'same command again to go on, or remove the folder to start anew.'
        )
    (unfinished / 'lock.mdb').unlink()  # readers do not need it
    os.replace(unfinished, out)


def fill(env, root: Path, names: list[str]) -> None:
    """Add the images that are not there yet, in batches."""
    transaction, waiting = env.begin(write=True), 0
    try:
        for name in progress(names, names, 'images'):
            key = os.fsencode(name)
            if transaction.get(key) is None:
                content = (root / name).read_bytes()
                transaction.put(key, content)
                waiting += len(content)
            if waiting > BATCH:
                transaction.commit()
                transaction, waiting = env.begin(write=True), 0
        transaction.commit()
    finally:
        transaction.abort()  # without effect after a commit


def main():
    args = parse_args()
    check_root(args.root, args.only)
    try:
        import lmdb  # noqa: F401
    except ImportError:
        sys.exit('pack_lmdb.py needs lmdb: pip install "mmspg[lmdb]"')
    out = args.out or args.root / 'images.lmdb'
    if out.exists():
        sys.exit(f'{out} is there already. Remove it to pack anew.')
    found = walk(args.root, leave_out=[out], by_name=True)
    tell(found.left_out)
    names = chosen(found.images, args.root, args.only)
    if not names:
        sys.exit(f'there is no image below {args.root}')
    pack(args.root, names, out)
    size = (out / 'data.mdb').stat().st_size / 2**30
    print(f'{out}: {len(names)} images, {size:.2f} GiB')


if __name__ == '__main__':
    run(main)
