"""A data set in the metadata format of the WSOL benchmark."""

import os.path as osp
import re
from collections.abc import Sequence
from glob import escape, glob
from pathlib import Path

from mmspg.registry import DATASETS

from .annotations import columns
from .annotations.boxes import box_fields
from .annotations.columns import Columns, Names
from .annotations.faults import check_one_of
from .annotations.formats import (
    agree,
    fail,
    integer,
    read_lines,
    read_names,
    read_table,
)
from .annotations.grid import GRIDS
from .annotations.paths import find, inside
from .annotations.wsol_files import (
    has_boxes,
    read_boxes,
    read_ids,
    read_masks,
    read_sizes,
)
from .base import LocDataset

CLASS_NAMES = 'class_names.txt'
GRID = 'grid.txt'
LABEL = re.compile(rb'(?:^|,)(\d+)[ \t\r]*$', re.MULTILINE)
MAX_CLASSES = 100_000  # since every label up to the highest gets a name


@DATASETS.register_module()
class WSOLMetadata(LocDataset):
    """A data set of your own: text files that describe a folder of images.

    This is the format of the benchmark (Choe et al., CVPR 2020; the folder
    ``metadata`` of github.com/clovaai/wsolevaluation). The folder
    ``metadata_root/split`` has these files:

    - ``image_ids.txt`` with a path below ``data_root`` on each line.
    - ``class_labels.txt`` with lines ``path,label``; labels count from 0.
    - ``image_sizes.txt``, optional, with lines ``path,width,height``.
    - ``localization.txt`` with a line ``path,x0,y0,x1,y1``, inclusive
      corners, for each box; or with lines ``path,mask,ignore``, paths of mask
      images below ``mask_root``. A split without this file can only be
      trained on.

    ``class_names.txt`` with a name on each line may lie in ``metadata_root``
    or in the split. Without it the labels are the names. If ``grid.txt`` in
    the split has the word ``seen``, the boxes are on the images as EXIF
    turns them. Our converters write it for photographs.

    With masks an item has ``gt_mask_paths`` (list of str) and
    ``gt_ignore_path`` (str, or None) instead of boxes.

    Args:
        data_root (str): Root of the images.
        metadata_root (str): Folder of the splits, for example
            ``metadata/CUB``.
        split (str): Name of a split's folder: 'train', 'val' or 'test' in
            the benchmark.
        proxy (bool): Take the list ``image_ids_proxy.txt``, the benchmark's
            part of the training images for trying out settings.
        mask_root (str, optional): Root of the masks. Defaults to
            ``data_root``.
        grid (str, optional): What boxes and sizes belong to: 'seen' is the
            image as its EXIF orientation turns it, 'stored' the image in
            the file. Defaults to what ``grid.txt`` says, or to 'stored'.
        **kwargs: See :class:`LocDataset`.
    """

    INCLUSIVE = True

    def __init__(
        self,
        data_root: str = '',
        metadata_root: str = '',
        split: str = 'train',
        proxy: bool = False,
        mask_root: str | None = None,
        grid: str | None = None,
        **kwargs,
    ):
        check_one_of('WSOLMetadata: grid', grid, (None, *GRIDS))
        self.grid = grid
        self.metadata_root = osp.expanduser(metadata_root)
        self.proxy = proxy
        self.mask_root = mask_root
        super().__init__(data_root=data_root, split=split, **kwargs)

    def load_columns(self) -> Columns | None:
        """Read the files of the split, if they agree line by line."""
        if self.proxy:
            return None
        names = Names.checked(Path(self._find('image_ids.txt')).read_bytes())
        if names is None:
            return None
        label_file = self._find('class_labels.txt')
        labels = columns.read_labels(label_file, names)
        if labels is None or labels.max() >= MAX_CLASSES:
            return None
        sizes = boxes = None
        size_file = self._optional('image_sizes.txt')
        box_file = self._optional('localization.txt')
        if size_file:
            sizes = columns.read_sizes(size_file, names)
        if box_file:
            boxes = columns.read_boxes(box_file, names, sizes)
        if (size_file and sizes is None) or (box_file and boxes is None):
            return None
        classes, _ = self._class_names(int(labels.max()))
        if labels.max() >= len(classes):
            return None
        self.set_classes(classes)
        self._read_grid()
        common = dict(ann_grid='seen') if self.grid == 'seen' else {}
        return Columns(self.data_root, names, labels, sizes, boxes, **common)

    def load_samples(self) -> list[dict]:
        """Read the files of the split."""
        self.image_list = self._find(
            'image_ids_proxy.txt' if self.proxy else 'image_ids.txt'
        )
        label_file = self._find('class_labels.txt')
        samples: dict[str, dict] = {
            path: dict(
                img_path=inside(self.data_root, path, where), img_id=path
            )
            for path, where in read_ids(self.image_list).items()
        }
        labels = read_table(label_file, 2, "'path,label'", ',')
        self._agree(samples, labels, label_file)
        for path, sample in samples.items():
            line, (label,) = labels[path]
            sample['gt_label'] = integer(label, line, 'a label, from 0')
            if sample['gt_label'] >= MAX_CLASSES:
                fail(line, label, f'a label below {MAX_CLASSES}')
        self._name_classes(samples, labels)
        self._read_grid()
        if self.grid == 'seen':
            for sample in samples.values():
                sample['ann_grid'] = 'seen'
        self.read_boxes(lambda: self._add_sizes(samples), None)
        self.read_boxes(lambda: self._add_regions(samples), None)
        return list(samples.values())

    def _find(self, name: str) -> str:
        return find(
            self.metadata_root,
            f'{self.split}/{name}',
            what=f'the metadata of split {self.split!r}',
            setting='metadata_root',
        )

    def _optional(self, name: str, *folders: str) -> str | None:
        for folder in folders or (self.split,):
            path = osp.join(self.metadata_root, folder, name)
            # The benchmark has an empty file if there is nothing to list.
            if osp.exists(path) and osp.getsize(path):
                return path
        return None

    def _agree(self, samples, entries, source, every=True) -> None:
        """Check entries against the list. A proxy list has only a part."""
        if self.proxy:
            entries = [e for e in entries if e in samples]
        images = samples if every else [s for s in samples if s in entries]
        agree(images, self.image_list, entries, source)

    def _name_classes(self, samples, labels) -> None:
        """Set the class names, and check that each label has one."""
        highest = max((s['gt_label'] for s in samples.values()), default=0)
        names, path = self._class_names(highest)
        self.set_classes(names)
        for image, sample in samples.items():
            if sample['gt_label'] >= len(names):
                fail(
                    labels[image][0],
                    sample['gt_label'],
                    f'a label below {len(names)}, the number of classes of '
                    f'{path or "the argument classes"}',
                )

    def _class_names(self, highest: int) -> tuple[Sequence[str], str | None]:
        """Give the names, and the file that they are from, if any."""
        path = self._optional(CLASS_NAMES, '', self.split)
        if path:
            return read_names(path), path
        names = self._metainfo.get('classes')
        if names is None:
            names = [str(i) for i in range(self._highest_label(highest) + 1)]
        return names, None

    def _highest_label(self, highest: int) -> int:
        """Give the highest label of all splits: one may lack classes."""
        own = osp.join(self.metadata_root, self.split, 'class_labels.txt')
        files = osp.join(escape(self.metadata_root), '*/class_labels.txt')
        for path in glob(files):
            # `highest` is that of the own file, unless only a part was read.
            if path != own or self.proxy:
                with open(path, 'rb') as file:
                    labels = set(LABEL.findall(file.read()))
                highest = max(highest, *map(int, labels), 0)
        return min(highest, MAX_CLASSES)

    def _read_grid(self) -> None:
        """Take the grid of the split, unless the argument gave one."""
        path = self._optional(GRID)
        if self.grid is None and path:
            where, self.grid = next(read_lines(path), (path, ''))
            if self.grid not in GRIDS:
                fail(where, self.grid, f'one of {GRIDS}')

    def _add_sizes(self, samples) -> None:
        path = self._optional('image_sizes.txt')
        if not path:
            return
        sizes = read_sizes(path)
        self._agree(samples, sizes, path)
        for image, sample in samples.items():
            sample['ann_size'] = sizes[image]

    def _add_regions(self, samples) -> None:
        """Add boxes or masks. The first line of the file tells which."""
        path = self._optional('localization.txt')
        if not path:
            return
        if has_boxes(path):
            regions: dict[str, dict] = {
                image: box_fields(boxes, inclusive=True)
                for image, boxes in read_boxes(path).items()
            }
        else:
            root = self.data_root if self.mask_root is None else self.mask_root
            masks, ignored = read_masks(path, root)
            regions = {
                image: dict(
                    gt_mask_paths=paths, gt_ignore_path=ignored.get(image)
                )
                for image, paths in masks.items()
            }
        self._agree(samples, regions, path, every=self.test_mode)
        for image in samples.keys() & regions.keys():
            samples[image].update(regions[image])
