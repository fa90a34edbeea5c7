"""Hold the lists of millions of images in a few arrays.

These readers are fast, but cannot say what is wrong with a file. They accept
a list only if nothing in it needs a message: its names are plain, its files
agree line by line, and its boxes lie within their images. For any other list
they return None. It is then read again by the readers that take one line at
a time, which name the line and the fault.
"""

import os
import os.path as osp
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import numpy as np

from .boxes import MAX_BOXES, SLACK, clip_boxes, from_inclusive, in_shares
from .formats import MAX_NUMBER

__all__ = [
    'Columns',
    'Names',
    'by_folder',
    'read_boxes',
    'read_labels',
    'read_sizes',
    'read_stems',
]

# Printable ASCII without the backslash and the colon of Windows' drives.
PLAIN = bytes({*range(32, 127)} - set(b'\\:')) + b'\n'
MAX_INT = np.iinfo(np.int32).max
BLOCK = 2**17  # lines
NEVER = (b'\n\n', b' \n', b'\n ', b'\n/', b'..')


class Names(Sequence):
    """The names of images, all different, in one text with a line for each.

    Attributes:
        text (bytes): The names, each followed by a line break.
    """

    def __init__(self, text: bytes):
        self.text = text
        self._ends = np.flatnonzero(np.frombuffer(text, np.uint8) == 10)
        self._ends = self._ends.astype(np.min_scalar_type(len(text)))

    @classmethod
    def checked(cls, text: bytes) -> 'Names | None':
        """Give the names, or None if one is unusual or occurs twice."""
        text = text if text.endswith(b'\n') else text + b'\n'
        if text.translate(None, PLAIN) or any(n in text for n in NEVER):
            return None
        if text[:1] in (b'\n', b' ', b'/'):
            return None
        names = cls(text)
        # Two names with the same hash count as a name that occurs twice.
        hashes = np.fromiter(map(hash, names.lines()), np.int64, len(names))
        hashes.sort()  # a hundredth of the time of `np.unique`
        return None if (hashes[1:] == hashes[:-1]).any() else names

    @classmethod
    def found(cls, names: Sequence[str]) -> 'Names | None':
        """Give the names of files that were found, or None as `checked`."""
        checked = cls.checked(os.fsencode('\n'.join(names)))
        # A line break in a name would make two names of it.
        return checked if checked and len(checked) == len(names) else None

    def lines(self) -> Iterator[bytes]:
        """Give the names one by one, as bytes."""
        begin = 0
        for end in self._ends.tolist():
            yield self.text[begin:end]
            begin = end + 1

    def block(self, some: slice) -> tuple[np.ndarray, np.ndarray]:
        """Give the bytes of some lines, and where their line breaks are."""
        ends = self._ends[some].astype(np.int64)
        begin = int(self._ends[some.start - 1]) + 1 if some.start else 0
        text = np.frombuffer(self.text, np.uint8)[begin : ends[-1] + 1]
        return text, ends - begin

    def __len__(self) -> int:
        return self._ends.size

    def __getitem__(self, index):
        begin = int(self._ends[index - 1]) + 1 if index % len(self) else 0
        return self.text[begin : int(self._ends[index])].decode()


class Columns(Sequence):
    """Samples whose dictionaries are made only when they are asked for.

    Forked processes share the arrays: no object in them has a reference
    count, whose change would copy the memory.

    Args:
        root (str): The root of the images.
        names (Names): The paths of the images below it.
        labels (array): Their labels, ``(n,)``.
        sizes (array, optional): Their annotated width and height, ``(n, 2)``.
        boxes (tuple, optional): The continuous corners of all boxes,
            ``(m, 4)`` float32, and for each image the number of boxes up to
            and including its own, ``(n,)``.
        **common: Fields that all samples share.
    """

    def __init__(self, root, names, labels, sizes=None, boxes=None, **common):
        self.root, self.names, self.labels = root, names, np.asarray(labels)
        self.sizes, self.boxes, self.common = sizes, boxes, common

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        name = self.names[index]
        sample = dict(
            img_path=osp.join(self.root, name),
            img_id=name,
            gt_label=int(self.labels[index]),
            **self.common,
        )
        if self.sizes is not None:
            sample['ann_size'] = tuple(self.sizes[index].tolist())
        if self.boxes is not None:
            corners, ends = self.boxes
            begin = ends[index - 1] if index else 0
            corners = corners[begin : ends[index]].copy()
            if len(corners):
                sample['ori_gt_bboxes'] = corners
                if self.sizes is not None:
                    size = sample['ann_size']
                    sample['gt_bboxes'] = clip_boxes(corners, size)
        if 'ann_size' in sample or 'ori_gt_bboxes' in sample:
            sample['boxes_optional'] = True
        return sample


def read_stems(path: str, suffix: str) -> Names | None:
    """Read the first word of each line, and add the suffix to it."""
    text = bytearray()
    with open(path, 'rb') as file:
        for words in map(bytes.split, file):
            text += b''.join([*words[:1], suffix.encode(), b'\n'])
    return Names.checked(bytes(text))


def by_folder(
    root: str,
    names: Names | None,
    labels: Mapping[str, int],
    scanned: bool = False,
) -> Columns | None:
    """Find images in their folders; the first folder names the class.

    Args:
        root (str): The root of the images.
        names (Names, optional): The paths of the images below it.
        labels (Mapping): The label of each class.
        scanned (bool): Whether the names come from the folders themselves.
            Defaults to False: each is looked for.

    Returns:
        Columns: The samples, or None if an image or a class is missing.
    """
    if names is None:
        return None
    found = array('i')
    # `osp.dirname` and `osp.basename` would take thrice as long.
    for folder, some in groupby(
        names.lines(), lambda name: name.rpartition(b'/')[0]
    ):
        files = [name[len(folder) :].lstrip(b'/') for name in some]
        path = osp.join(os.fsencode(root), folder)
        label = labels.get(folder.split(b'/')[0].decode())
        there = scanned or (
            osp.isdir(path) and set(files).issubset(os.listdir(path))
        )
        if label is None or not there:
            return None
        found.extend([label] * len(files))
    return Columns(root, names, np.frombuffer(found, np.int32))


def read_labels(path: str, names: Names) -> np.ndarray | None:
    """Read lines ``name,label`` that are in the order of the names."""
    return _read(path, names, 1)


def read_sizes(path: str, names: Names) -> np.ndarray | None:
    """Read lines ``name,width,height`` in the order of the names."""
    sizes = _read(path, names, 2)
    return None if sizes is None or sizes.min() < 1 else sizes


def _read(path: str, names: Names, number: int) -> np.ndarray | None:
    """Read a name and ``number`` integers, none negative, from each line."""
    with open(path, 'rb') as file:
        text = file.read()
    text = text if text.endswith(b'\n') else text + b'\n'
    lines = Names(text)
    if len(lines) != len(names):
        return None
    values = np.empty((len(names), number), np.int32)
    for begin in range(0, len(names), BLOCK):  # a block takes little memory
        some = slice(begin, begin + BLOCK)
        found = _integers(lines.block(some), names.block(some), number)
        if found is None:
            return None
        values[some] = found
    return values if number > 1 else values[:, 0]


def _integers(
    lines: tuple[np.ndarray, np.ndarray],
    names: tuple[np.ndarray, np.ndarray],
    number: int,
) -> np.ndarray | None:
    """Read ``number`` integers after a name; both as `Names.block` gives."""
    (text, ends), (name_text, name_ends) = lines, names
    # Each line begins with its name. What follows is set apart.
    begins = np.append(0, ends[:-1] + 1)
    name_ends = begins + np.diff(name_ends, prepend=-1) - 1
    if (name_ends >= ends).any():
        return None
    apart = np.zeros(text.size, np.int8)
    apart[name_ends] = 1
    apart[ends] = -1
    numbers = np.cumsum(apart, dtype=np.int8).astype(bool)
    rest = text[numbers]
    commas = np.cumsum(rest == ord(','))
    per_line = np.diff(commas[np.cumsum(ends - name_ends) - 1], prepend=0)
    rest = rest.tobytes()
    if (
        not np.array_equal(text[~numbers], name_text)
        or (text[name_ends] != ord(',')).any()
        or (per_line != number).any()
        or rest.translate(None, b'0123456789,')
        or b',,' in rest + b','
    ):
        return None
    found = np.fromstring(rest[1:], sep=',')
    return None if np.max(found) > MAX_INT else found.reshape(-1, number)


def read_boxes(
    path: str, names: Names, sizes: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray] | None:
    """Read lines ``name,x0,y0,x1,y1`` of inclusive corners, for training.

    The lines are in the order of the names; some names may have no box.

    Returns:
        tuple: The argument ``boxes`` of :class:`Columns`. None if a box is
        empty, is a share of its image, or leaves it by more than a pixel.
    """
    values, counts = array('f'), np.zeros(len(names), np.int64)
    others = enumerate(names.lines())
    index, name = next(others)
    try:
        with open(path, 'rb') as file:
            for line in file:
                key, *texts = line.rsplit(b',', 4)
                while key != name:
                    index, name = next(others)
                values.extend(map(float, texts))
                counts[index] += 1
    except (ValueError, OverflowError, StopIteration):
        return None
    flat = np.frombuffer(values, np.float32)
    if not flat.size or flat.size != 4 * counts.sum():
        return None
    corners = flat.reshape(-1, 4)
    usable = np.max(np.abs(corners)) <= MAX_NUMBER  # False for NaN, too
    if not usable or np.max(counts) > MAX_BOXES or in_shares(corners).any():
        return None
    corners = from_inclusive(corners)
    clipped = corners
    if sizes is not None:
        limits = np.repeat(sizes, counts, axis=0).astype(np.float32)
        clipped = np.clip(corners, 0, np.tile(limits, 2))
    inside = np.abs(clipped - corners).max() <= SLACK
    if not inside or not (clipped[:, 2:] > clipped[:, :2]).all():
        return None
    return corners, np.cumsum(counts)
