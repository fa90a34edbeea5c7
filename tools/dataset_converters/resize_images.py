r"""Write copies of a data root's images in the size that training wants.

    python tools/dataset_converters/resize_images.py ROOT COPIES

COPIES gets the same folders and names. Images are resized to 256 x 256 as the
training pipeline does it, which then leaves them as they are. All other files
(lists, annotations) are copied unchanged. A comment in each copy holds the
size of the original, so that boxes need no change. If the command is stopped,
give it again: it goes on. Train on the copies, and test on the originals:

    python tools/train.py CONFIG --data-root ROOT \
        --cfg-options train_dataloader.dataset.data_root=COPIES
"""

import io
import json
import os
import shutil
import sys
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from common import add_root, check_root, chosen, progress, run

from mmspg.datasets.images.walk import tell, walk
from mmspg.utils.atomic import replacing
from mmspg.utils.command_line import tool_parser

SETTINGS = 'resize_images.json'


def parse_args():
    parser = tool_parser(__doc__)
    add = parser.add_argument
    add_root(parser)
    add('copies', type=Path, metavar='COPIES', help='folder to write')
    add(
        '--size',
        type=int,
        nargs='+',
        default=[256],
        help='width and height, or one number for both (default: 256)',
    )
    add(
        '--short-side',
        type=int,
        help='length of the short side, instead of --size; the configs with '
        'an input of 321 pixels need 356',
    )
    add(
        '--format',
        choices=('jpeg', 'png'),
        default='jpeg',
        help='format of the copies; png loses nothing (default: %(default)s)',
    )
    add(
        '--quality',
        type=int,
        default=95,
        help='quality of a JPEG, 1 to 100 (default: %(default)s)',
    )
    add(
        '--workers',
        type=int,
        default=os.cpu_count(),
        help='number of processes (default: the number of cores)',
    )
    args = parser.parse_args()
    if args.root.resolve() == args.copies.resolve():
        parser.error('COPIES must be another folder than ROOT')
    if len(args.size) > 2 or min(*args.size, args.short_side or 1, 1) < 1:
        parser.error('--size takes one or two numbers of at least 1 pixel')
    if not 1 <= args.quality <= 100 or (args.workers or 1) < 1:
        parser.error('--quality is 1 to 100, --workers at least 1')
    return args


def settings_of(args) -> dict:
    """Give what decides the copies; a folder has copies of one kind."""
    settings = dict(format=args.format)
    if args.short_side:
        settings['short_side'] = args.short_side
    else:
        settings['size'] = [args.size[0], args.size[-1]]
    if args.format == 'jpeg':
        settings['quality'] = args.quality
    return settings


def check_settings(folder: Path, settings: dict) -> None:
    path = folder / SETTINGS
    if path.is_file():
        former = json.loads(path.read_text())
        if former != settings:
            sys.exit(
                f'{folder} holds copies that were made with other settings, '
                f'{former}. The settings now are {settings}. Choose another '
                'folder, or remove this one.'
            )
        return
    if folder.is_dir() and any(folder.iterdir()):
        sys.exit(
            f'{folder} is not empty, and this command has not written it '
            f'(there is no {SETTINGS} in it). Choose another folder.'
        )
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(json.dumps(settings).encode())


def size_of(settings: dict, w: int, h: int) -> tuple[int, int]:
    """Give the size (w, h) that the training pipeline resizes to."""
    if 'short_side' not in settings:
        return tuple(settings['size'])
    side = settings['short_side']
    return (side, side * h // w) if w < h else (side * w // h, side)


def shrink(source: Path, settings: dict) -> bytes | None:
    """Encode the copy, or give None if it would have more pixels.

    Raises:
        UnreadableImageError: The source is broken.
    """
    import cv2
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    from mmspg.datasets.images.headers import ORIENTATION, mark_of, read_header
    from mmspg.datasets.images.reading import read_copy

    bgr, original = read_copy(str(source))
    stored = Image.fromarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))
    size = size_of(settings, *stored.size)
    if size[0] * size[1] >= stored.width * stored.height:
        return None
    mark = mark_of(original)
    copy, buffer = stored.resize(size, Image.Resampling.BILINEAR), io.BytesIO()
    header, kept = read_header(str(source)), {}
    if header is not None and header.orientation != 1:
        kept['exif'] = Image.Exif()  # the copy is turned as its original is
        kept['exif'][ORIENTATION] = header.orientation
    if settings['format'] == 'png':
        kept['pnginfo'] = PngInfo()
        kept['pnginfo'].add_text('Comment', mark)
    else:
        # No chroma subsampling: at this size it would cost detail.
        quality = settings['quality']
        kept.update(quality=quality, subsampling=0, comment=mark)
    copy.save(buffer, settings['format'], **kept)
    return buffer.getvalue()


def convert(item, root: Path, copies: Path, settings: dict) -> str | None:
    """Write the copy of one file unless it is there.

    Args:
        item (tuple): Path below the root, and whether it is an image.
        root (Path): The data root.
        copies (Path): The folder of the copies.
        settings (dict): Size and format of the copies.

    Returns:
        str | None: What is wrong with the file.
    """
    from mmspg.datasets.images.file_formats import UnreadableImageError

    name, is_image = item
    source, target = root / name, copies / name
    if (
        target.is_file()
        and target.stat().st_mtime_ns >= source.stat().st_mtime_ns
    ):
        return None
    content = None
    if is_image:
        try:
            content = shrink(source, settings)
        except UnreadableImageError as error:
            return str(error)
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as file:
        if content is None:
            with open(source, 'rb') as original:
                shutil.copyfileobj(original, file)
        else:
            file.write(content)
    return None


def convert_all(items, root, copies, settings, workers):
    """Convert files, and yield what is wrong with each, or None."""
    task = partial(convert, root=root, copies=copies, settings=settings)
    if workers == 1:
        yield from map(task, items)
        return
    with get_context('spawn').Pool(workers) as pool:
        yield from pool.imap_unordered(task, items, chunksize=16)


def tell_left_out(found, copied) -> None:
    """Print what gets no copy, and which copies have no original.

    Args:
        found (Walk): What is in the data root; its other files are copied.
        copied (Walk): What is in the folder of the copies.
    """
    others = set(found.others)
    gone = set(copied.images).difference(found.images, others)
    tell(
        {
            kind: [path for path in paths if path not in others]
            for kind, paths in found.left_out.items()
        }
    )
    if gone:
        print(
            f'{copied.root} has {len(gone)} copies of images that are no '
            f'longer in {found.root}, {min(gone)} for example. Remove them.',
            file=sys.stderr,
        )


def main():
    args = parse_args()
    check_root(args.root, args.only)
    settings = settings_of(args)
    check_settings(args.copies, settings)
    found = walk(args.root, leave_out=[args.copies], by_name=True)
    images = chosen(found.images, args.root, args.only)
    tell_left_out(found, walk(args.copies, by_name=True))
    items = [(name, True) for name in images]
    items += [(name, False) for name in found.others]
    results = convert_all(
        items, args.root, args.copies, settings, args.workers
    )
    faults = [fault for fault in progress(results, items, 'files') if fault]
    print(f'{args.copies}: {len(images) - len(faults)} images, {settings}')
    for fault in faults[:10]:
        print(f'left out: {fault}', file=sys.stderr)
    if faults:
        sys.exit(f'{len(faults)} images cannot be read and have no copy')


if __name__ == '__main__':
    run(main)
