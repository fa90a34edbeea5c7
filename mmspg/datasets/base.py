"""Base of the data sets: it checks the list and handles broken images."""

import logging
import os.path as osp
from collections.abc import Callable, Sequence

import numpy as np
from mmengine.logging import print_log
from mmpretrain.datasets import BaseDataset

from .annotations.class_lists import check_names, difference
from .annotations.columns import Columns
from .annotations.faults import (
    NO_IMAGE,
    UNREAD,
    DataError,
    Faults,
    Refusal,
    check_one_of,
)
from .annotations.fitting import fit_samples, has_region, read_headers
from .images.reading import UnreadableImageError, read_image
from .transforms import LoadLocImage, check_pipeline
from .transforms.pipeline_check import leaves

BROKEN = ('error', 'replace')


class LocDataset(BaseDataset):
    """Base of data sets that give a label and all boxes of an image.

    A subclass writes :meth:`load_samples`. An item has these fields before
    the pipeline:

    - ``img_path``, ``img_id`` (path relative to the image root) and
      ``gt_label``, an int, or an array of those of several classes;
    - if there are boxes, ``ori_gt_bboxes`` ``(n, 4)`` float32, continuous
      corners on the image, and ``gt_bboxes``, the same boxes clipped to the
      image if its size is known;
    - ``ann_size`` (w, h) if it is annotated, and ``ann_grid`` 'seen' if the
      boxes are on the image as EXIF turns it.

    Training uses no boxes, so faults in boxes never stop it. For a test the
    headers of the images are read. Boxes are then brought to the pixels of
    their files and clipped, and a box with nothing left is dropped. The
    attribute ``faults`` has all faults by kind.

    Args:
        data_root (str): Root of the data set.
        split (str): Name of the split; one of ``SPLITS`` if the class has it.
        broken_images (str): 'error' (default) ends the run at an unreadable
            image. 'replace' takes the next image instead, logs it and counts
            it. This is for training only, since a test would report wrong
            figures.
        test_mode (bool): Require a box or a mask for every image.
        metainfo (dict, optional), indices, serialize_data, pipeline,
            lazy_init, classes: See mmpretrain's ``BaseDataset``.

    Raises:
        ValueError: The split or the policy is unknown, the pipeline would
            leave boxes behind, or something makes figures or labels
            meaningless; the message names file and line.
    """

    SPLITS: tuple[str, ...] | None = None
    INCLUSIVE = False  # whether files have inclusive corners
    NAMES_REPEAT = False  # whether two classes may have one name
    grid: str | None = 'stored'  # what boxes are on; None if unknown

    def __init__(
        self,
        data_root: str = '',
        split: str = 'train',
        broken_images: str = 'error',
        test_mode: bool = False,
        lazy_init: bool = False,
        **kwargs,
    ):
        name = type(self).__name__
        if self.SPLITS:
            check_one_of(f'{name}: split', split, self.SPLITS)
        check_one_of(f'{name}: broken_images', broken_images, BROKEN)
        if broken_images == 'replace' and test_mode:
            raise ValueError(
                f"{name}: broken_images='replace' is for training only. A "
                'replaced test image would count in the figures.'
            )
        self.split = split
        self.broken_images = broken_images
        self.broken = {}  # img_path -> reason, of this process
        self.faults = Faults()
        super().__init__(
            ann_file='',
            data_root=osp.expanduser(data_root or ''),
            test_mode=test_mode,
            lazy_init=True,
            **kwargs,
        )
        check_pipeline(self.pipeline.transforms)
        if not lazy_init:
            self.full_init()

    def load_samples(self) -> list[dict]:
        """Read the annotations into items without ``gt_bboxes``.

        A subclass calls :meth:`set_classes` here. An item also has
        ``ann_source``, a list with the ``'file:line'`` of each box.
        """
        raise NotImplementedError

    def load_columns(self) -> Columns | None:
        """Read a list to train on that needs no word, or give None.

        It is as :meth:`load_samples` would give it, with its boxes fitted.
        """
        return None

    def load_data_list(self) -> Sequence[dict]:
        """Read and check the annotations, and log what is wrong.

        Raises:
            DataError: A fault makes figures or labels meaningless.
        """
        try:
            return self._load()
        except ValueError as error:
            raise DataError(str(error)) from error

    def _load(self) -> Sequence[dict]:
        samples: Sequence[dict]
        columns = None if self.test_mode else self.load_columns()
        if columns is None:
            samples = self._load_lines()
        else:
            samples = columns
            self.serialize_data = False  # processes share the arrays
            self._check_classes(columns.labels)
        for text in self.faults.sentences():
            print_log(
                f'{type(self).__name__} {self.split}: {text} '
                'tools/misc/check_dataset.py CONFIG lists all of them.',
                'current',
                logging.WARNING,
            )
        return samples

    def _load_lines(self) -> list[dict]:
        samples = self.load_samples()
        if not samples:
            raise ValueError(
                f'{type(self).__name__}: there is no image in split '
                f'{self.split!r} of {self.data_root!r}.'
            )
        self._check_unique(samples)
        self._check_classes(np.hstack([s['gt_label'] for s in samples]))
        if self.test_mode:
            self._check_regions(samples)
        return self._fit(samples)

    @property
    def trains(self) -> bool:
        """Whether a network learns from it, and so needs every class."""
        # A validation without boxes is no test by `test_mode`.
        return not self.test_mode and self.split not in ('val', 'test')

    def _check_classes(self, labels: np.ndarray) -> None:
        """Check the names, and note classes without an image to train on."""
        classes = self.metainfo['classes']
        where = f'{type(self).__name__} of {self.data_root!r}'
        check_names(classes, where, self.NAMES_REPEAT)
        if not self.trains:
            return
        labels = np.asarray(labels, np.int64)  # none at all are floats
        number = np.bincount(labels, minlength=len(classes))
        for label, name in enumerate(classes):
            if not number[label]:
                self.faults.add(NO_IMAGE, f'{label} {name}')

    def read_boxes(self, read: Callable, default):
        """Call ``read()``. In training note its ValueError and go on."""
        try:
            return read()
        except ValueError as error:
            if self.test_mode:
                raise
            self.faults.add(UNREAD, str(error))
            return default

    def _check_unique(self, samples: Sequence[dict]) -> None:
        seen = set()
        for sample in samples:
            if sample['img_id'] in seen:
                raise ValueError(
                    f'{type(self).__name__}: image {sample["img_id"]} comes '
                    f'twice in split {self.split!r} of {self.data_root!r}. '
                    'List every image once.'
                )
            seen.add(sample['img_id'])

    @property
    def backend_args(self) -> dict | None:
        """How the pipeline reads image files."""
        loaders = leaves(self.pipeline.transforms)
        loader = next(
            (t for t in loaders if isinstance(t, LoadLocImage)), None
        )
        return loader and loader.backend_args

    def _fit(self, samples: list[dict]) -> list[dict]:
        """Fit all boxes to their images. A test reads the image headers."""
        headers = None
        if self.test_mode:
            headers = read_headers(
                [s for s in samples if 'ori_gt_bboxes' in s],
                self.backend_args,
            )
        try:
            return fit_samples(
                samples, self.faults, headers, self.grid, self.INCLUSIVE
            )
        except Refusal as error:
            raise ValueError(
                f'{type(self).__name__} {self.split} of {self.data_root!r} '
                f'cannot be tested on: {error}'
            ) from error

    def _check_regions(self, samples: Sequence[dict]) -> None:
        bare = [s['img_id'] for s in samples if not has_region(s)]
        if bare:
            raise ValueError(
                f'{type(self).__name__}: {len(bare)} of {len(samples)} test '
                f'images of {self.data_root!r} have no box, {bare[:3]} for '
                'example. Localization cannot be measured without boxes. '
                'Add boxes, or set test_mode=False to train.'
            )

    def set_classes(self, names: Sequence[str]) -> None:
        """Take the class names of the data root, unless others were given.

        Raises:
            ValueError: The given names are more or fewer, or they are the
                same in another order, which would mean other classes.
        """
        given = self._metainfo.get('classes')
        if given is not None and len(given) != len(names):
            raise ValueError(
                f'{type(self).__name__}: {len(given)} classes were given, '
                f'but the data root {self.data_root!r} has {len(names)}.'
            )
        if given is not None and sorted(given) == sorted(names):
            order = difference(given, names, 'classes=', self.data_root)
            if order:
                raise ValueError(f'{type(self).__name__}: {order}.')
        self._metainfo.setdefault('classes', tuple(names))

    def get_image(self, idx: int) -> np.ndarray:
        """Return the image of the boxes, ``(h, w, 3)`` uint8 in B, G, R."""
        exif = 'apply' if self.grid == 'seen' else 'ignore'
        return read_image(self.get_data_info(idx)['img_path'], exif)

    def prepare_data(self, idx: int) -> dict:
        """Run the pipeline, and replace a broken image if the policy says so.

        Raises:
            UnreadableImageError: The policy is 'error', or no image can be
                read.
            ValueError: The pipeline returned None.
            IndexError: There is no such image. This ends a ``for`` loop.
        """
        if not -len(self) <= idx < len(self):
            raise IndexError(f'{idx} is not one of the {len(self)} images.')
        for i in range(len(self)):
            info = self.get_data_info((idx + i) % len(self))
            try:
                data = self.pipeline(info)
            except UnreadableImageError as e:
                if self.broken_images == 'error':
                    raise
                self._count_broken(info['img_path'], e)
                continue
            if data is None:  # MMEngine would silently take another image
                raise ValueError(
                    f'the pipeline of {type(self).__name__} '
                    f'returned None for {info["img_path"]}.'
                )
            return data
        raise UnreadableImageError(
            f'{type(self).__name__}: none of the {len(self)} images can be '
            f'read; the last error: {next(reversed(self.broken.items()))}'
        )

    def _count_broken(self, path: str, error: Exception) -> None:
        if path not in self.broken:
            self.broken[path] = str(error)
            print_log(
                f'Broken image {len(self.broken)} of this process is replaced '
                f'by the next image: {error}',
                'current',
                logging.WARNING,
            )

    def extra_repr(self) -> list[str]:
        """Give lines for ``repr``."""
        return [
            f'Root: \t{self.data_root}',
            f'Split: \t{self.split}',
            f'Broken images: \t{self.broken_images}',
        ]
