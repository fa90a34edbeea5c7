"""Label a folder: list its images, and look at those that wait."""

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from mmspg.datasets.annotations.class_lists import NOTHING, SPLITS
from mmspg.datasets.annotations.paths import is_plain as is_plain_name
from mmspg.datasets.images.class_folders import class_folders
from mmspg.datasets.images.headers import read_header
from mmspg.datasets.images.walk import Walk, walk
from mmspg.datasets.photographs.reading import SHARE, position

from .photographs import is_plain
from .records import boxes_of
from .store import Listed, Store

__all__ = ['SOURCES', 'label_images', 'list_folder', 'split_of']

# Which class of an image is boxed: that of its folder, the one that the model
# predicts, or that of the folder where all folders are classes of the model.
SOURCES = ('auto', 'folders', 'model')
AT_ONCE = 2048  # images between two questions to the store
SAVED_EVERY = 5  # seconds
NO_CLASS = -1  # of an image in a folder NOTHING
LOST_NAME = 'a name that a line of text cannot hold; rename it'


def split_of(name: str, val: float = SHARE, test: float = SHARE) -> str:
    """Choose the split of an image by its name, and by nothing else.

    With the shares that are the default it is the part that
    `mmspg.datasets.PhotoFolders` takes where no photograph has a box.
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
    """Note the images of the store's folder, their splits and classes.

    Folders named like splits ('train', 'val') are the splits; else
    `split_of` chooses.

    Args:
        store (Store): Of the folder.
        classes (Sequence[str]): Names of the model's classes.
        source (str): One of `SOURCES`. Defaults to 'auto'.
        shares (tuple[float]): Of val and of test, see `split_of`.
        leave_out (Iterable[str]): Folders that are not looked at.

    Returns:
        tuple: What was left out, ``{reason: names}``, and sentences for a
        person.

    Raises:
        FileNotFoundError: The folder has no image.
        ValueError: With 'folders', a folder is no class of the model.
    """
    found = walk(store.images, leave_out, by_name=True)
    lost = [name for name in found.images if not is_plain_name(name)]
    if lost:
        found.left_out[LOST_NAME] = lost
        gone = set(lost)
        found.images = [name for name in found.images if name not in gone]
    if not found.images:
        raise FileNotFoundError(f'no image in the folder {store.images}')
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
            f'The folder {named[0]!r} is named like a split and others are '
            'not, so all splits are drawn.'
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
    count = Counter(classes)
    wanted = sorted(set(labels.values()))
    strange = [n for n in wanted if count[n] != 1 and n != NOTHING]
    if strange and source == 'folders':
        raise ValueError(
            f'the folder {strange[0]!r} of {found.root} is not the name of '
            'one class of the model: rename it, or let the model choose the '
            'classes: --classes-from model'
        )
    if source == 'model' or strange:
        labels = {}
    if labels:
        notes.append(
            'The class of each box is that of the folder of its image.'
        )
    elif source == 'auto' and len(strange) < len(wanted):
        notes.append(
            f'{len(wanted) - len(strange)} of {len(wanted)} folders are '
            f'classes of the model, but {strange[0]!r} is not the name of '
            'one, so the model chooses the class of every image. To take the '
            'classes of the folders, rename that one.'
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
    """Look at the images that wait, and note their boxes.

    Args:
        store (Store): After `list_folder`.
        inferencer (LocalizationInferencer): Finds the boxes.
        label (int | str | Sequence, optional): The classes of images whose
            folder names none. None: the predicted ones.
        **options: Of `LocalizationInferencer.stream`.

    Yields:
        str: The path of each image, once it has been looked at.
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
            fault = inferencer.unreadable.get(path, 'no image can be read')
            store.add_fault(id, fault)
            yield path
    store.commit()


def _without_boxes(paths: Iterable[str]) -> Iterator[dict]:
    """Results for images that show none of the objects."""
    for path in paths:
        header = read_header(path)
        if header is not None:
            size = header.size_on('seen')
            yield dict(img_path=path, size=size, locations=[])
