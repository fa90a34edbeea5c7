"""Label a folder: list its images, and find boxes in those still waiting."""

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from mmspg.datasets.annotations.class_lists import NOTHING, SPLITS, composed
from mmspg.datasets.annotations.paths import is_plain as is_plain_name
from mmspg.datasets.images.class_folders import LOOSE, class_folders
from mmspg.datasets.images.headers import read_header
from mmspg.datasets.images.walk import Walk, walk
from mmspg.datasets.photographs.reading import SHARE, position

from .photographs import is_plain
from .records import boxes_of
from .store import Listed, Store

__all__ = ['SOURCES', 'label_images', 'list_folder', 'split_of']

# Which class of an image gets a box: 'folders' takes that of its folder,
# 'model' the one that the model predicts, and 'auto' that of the folder if all
# folders are classes of the model.
SOURCES = ('auto', 'folders', 'model')
AT_ONCE = 2048  # images that are asked of the store at a time
SAVED_EVERY = 5  # seconds
NO_CLASS = -1  # the label of images in a folder NOTHING
LOST_NAME = 'a name that a line of text cannot hold; rename it'


def split_of(name: str, val: float = SHARE, test: float = SHARE) -> str:
    """Choose the split of an image by nothing but its name.

    With the default shares, this is the division that
    `mmspg.datasets.PhotoFolders` makes if no photograph has a box.
    """
    place = position(name)
    if place < val:
        return 'val'
    return 'test' if place < val + test else 'train'


def list_folder(
    store: Store,
    classes: Sequence[str],
    source: str = 'auto',
    shares: tuple[float, float] = (SHARE, SHARE),
    leave_out: Iterable[str | os.PathLike] = (),
) -> tuple[dict[str, list[str]], list[str]]:
    """Enter the images of a folder into its store, with split and class.

    If folders are named like splits ('train', 'val'), they are the splits.
    Otherwise `split_of` chooses.

    Args:
        store (Store): The store of the folder.
        classes (Sequence[str]): The names of the model's classes.
        source (str): One of `SOURCES`. Defaults to 'auto'.
        shares (tuple[float]): The shares of val and of test; see `split_of`.
        leave_out (Iterable[str]): Folders that are not looked at.

    Returns:
        tuple: The images left out, ``{reason: names}``, and a list of
        messages for the user.

    Raises:
        FileNotFoundError: The folder has no image.
        ValueError: The source is 'folders', and a folder does not have the
            name of a class of the model.
    """
    found = walk(store.images, leave_out, by_name=True)
    lost = [name for name in found.images if not is_plain_name(name)]
    if lost:
        found.left_out[LOST_NAME] = lost
        gone = set(lost)
        found.images = [name for name in found.images if name not in gone]
    if not found.images:
        raise FileNotFoundError(
            f'there is no image in the folder {store.images}'
        )
    listed, notes = _listed(found, classes, source, shares)
    store.list_images(listed)
    return found.left_out, notes


def _listed(
    found: Walk, classes: Sequence[str], source: str, shares
) -> tuple[Iterator[Listed], list[str]]:
    """Give split and class of each image, and say where they are from."""
    notes: list[str] = []
    labels: dict[str, str] = {}
    tops = {name.partition('/')[0].lower() for name in found.images}
    by_split = tops <= SPLITS.keys()
    if not by_split and (named := sorted(tops & SPLITS.keys())):
        notes.append(
            f'The folder {named[0]!r} is named like a split, but others are '
            'not. All images are therefore divided into splits anew.'
        )
    try:
        folders = class_folders(found)
    except ValueError:
        if source == 'folders':
            raise
    else:
        labels = {
            name: label
            for by_class in folders.splits.values()
            for label, names in by_class.items()
            for name in names
        }
    classes = composed(classes)
    count = Counter(classes)
    wanted = sorted({*labels.values()} - {NOTHING})
    strange = [name for name in wanted if count[name] != 1]
    if strange and source == 'folders':
        raise ValueError(
            f'the folder {strange[0]!r} of {found.root} does not have the '
            'name of exactly one class of the model. Rename it, or let the '
            'model choose the classes with --classes-from model.'
        )
    by_model = source == 'model' or bool(strange) or not wanted
    if by_model:
        labels = {name: n for name, n in labels.items() if n == NOTHING}
    if not by_model:
        notes.append(
            'The class of each box is that of the folder of its image.'
        )
        loose = set(folders.left_out.get(LOOSE, ()))
        if loose:
            found.left_out[LOOSE] = sorted(loose)
            found.images = [n for n in found.images if n not in loose]
    elif source == 'auto' and len(strange) < len(wanted):
        notes.append(
            f'{len(wanted) - len(strange)} of {len(wanted)} folders are '
            f'classes of the model, but {strange[0]!r} is not the name of '
            'one, so the model chooses the class of every image. To use the '
            'classes of the folders, rename that folder.'
        )
    elif source == 'auto':
        notes.append(
            'The model chooses the class of every image, because no folder '
            'has the name of one of its classes.'
        )
    if labels and by_model:
        notes.append(
            f'The {len(labels)} images in folders {NOTHING!r} get no box.'
        )
    numbers = {name: number for number, name in enumerate(classes)}
    numbers[NOTHING] = NO_CLASS

    def listed():
        for name in found.images:
            top = name.partition('/')[0].lower()
            split = SPLITS[top] if by_split else split_of(name, *shares)
            label = numbers[labels[name]] if name in labels else None
            yield Listed(name, split, label)

    return listed(), notes


def label_images(
    store: Store, inferencer, label=None, **options
) -> Iterator[str]:
    """Find the boxes of the images that wait, and store them.

    Args:
        store (Store): The store, filled by `list_folder`.
        inferencer (LocalizationInferencer): The model that finds the boxes.
        label (int | str | Sequence, optional): The classes to find in images
            whose folder names none. By default these are the predicted ones.
        **options: Options of `LocalizationInferencer.stream`.

    Yields:
        str: The path of each image that has been looked at.
    """
    saved = time.monotonic()
    while True:
        known, waiting = store.waiting(AT_ONCE)
        if not waiting:
            break
        if known == NO_CLASS:
            looked = _without_boxes(list(waiting))
        else:
            looked = inferencer.stream(
                list(waiting),
                label=label if known is None else known,
                unreadable='skip',
                progress=False,
                **options,
            )
        for result in looked:
            path = result['img_path']
            store.add(
                waiting.pop(path),
                result['size'],
                is_plain(path),
                boxes_of(result),
            )
            yield path
            if time.monotonic() > saved + SAVED_EVERY:
                store.commit()
                saved = time.monotonic()
        for path, id in waiting.items():
            fault = inferencer.unreadable.get(path, 'it cannot be read')
            store.add_fault(id, fault)
            yield path
    store.commit()


def _without_boxes(paths: Iterable[str]) -> Iterator[dict]:
    """Yield results without a box for images that show no object."""
    for path in paths:
        header = read_header(path)
        if header is not None:
            size = header.size_on('seen')
            yield dict(img_path=path, size=size, locations=[])
