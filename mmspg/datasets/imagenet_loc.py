"""ImageNet's CLS-LOC (ILSVRC 2012 to 2017) with its boxes."""

import logging
import os
import os.path as osp
from functools import partial

from mmengine.logging import print_log

from mmspg.registry import DATASETS

from .annotations import columns
from .annotations.boxes import box_fields
from .annotations.columns import Columns, Names
from .annotations.faults import OTHER_CLASS, check_one_of
from .annotations.formats import (
    agree,
    fail,
    read_blacklist,
    read_lines,
    read_solution_csv,
    read_synset_mapping,
)
from .annotations.paths import find, inside
from .annotations.voc import read_voc_xml
from .base import LocDataset
from .images.walk import describe, walk

BOXES_FROM = ('auto', 'xml', 'csv')


@DATASETS.register_module()
class ImageNetLoc(LocDataset):
    """CLS-LOC as it is distributed, or as Kaggle's archive unpacks.

    The data root, or the folder ``ILSVRC/`` in it, has these files:

    - ``Data/CLS-LOC/train/<wnid>/*.JPEG`` and ``Data/CLS-LOC/val``. The
      images of val lie there or in folders ``<wnid>/``. They may have any
      suffix.
    - ``ImageSets/CLS-LOC/train_cls.txt`` and ``val.txt``, the lists of
      images. Without them all images in the folders are taken.
    - ``Annotations/CLS-LOC/<split>`` (``.xml``, inclusive corners, one or
      several boxes for an image) or ``LOC_<split>_solution.csv``. They have
      the boxes and the labels of val.
    - ``LOC_synset_mapping.txt``, the classes in the order of the labels.

    Args:
        data_root (str): Root of the data set.
        split (str): 'train' or 'val'.
        train_boxes (bool): Read the boxes of training images, too, if there
            are any. Training does not use them. Defaults to False.
        boxes_from (str): 'xml', 'csv' or 'auto'. Defaults to 'auto', which
            takes the XML files if their folder exists.
        blacklist (str, optional): The devkit's list of validation images
            with doubtful boxes to leave out, one number on each line
            (``ILSVRC2014_clsloc_validation_blacklist.txt``).
        **kwargs: See :class:`LocDataset`.
    """

    SPLITS = ('train', 'val')
    METAINFO = dict(dataset_type='ILSVRC CLS-LOC')
    INCLUSIVE = True
    NAMES_REPEAT = True  # 'crane' is a bird, and also a machine

    def __init__(
        self,
        data_root: str = '',
        split: str = 'train',
        train_boxes: bool = False,
        boxes_from: str = 'auto',
        blacklist: str = None,
        **kwargs,
    ):
        check_one_of('ImageNetLoc: boxes_from', boxes_from, BOXES_FROM)
        if blacklist and split != 'val':
            raise ValueError(
                'ImageNetLoc: the blacklist is for validation '
                f'images, but split is {split!r}.'
            )
        self.train_boxes = train_boxes
        self.boxes_from = boxes_from
        self.blacklist = blacklist
        super().__init__(data_root=data_root, split=split, **kwargs)

    def load_columns(self) -> Columns | None:
        """Read the list of training images, if they lie where it says."""
        if self.split != 'train' or self.train_boxes:
            return None
        self._read_classes()
        listed = self._has('ImageSets/CLS-LOC/train_cls.txt')
        if listed:
            names = columns.read_stems(listed, '.JPEG')
        else:
            names = Names.found(self._scan())
        return columns.by_folder(
            self.image_root, names, self.labels, scanned=not listed
        )

    def load_samples(self) -> list[dict]:
        """Read the list of images, their labels and boxes."""
        self._read_classes()
        if self.split == 'train':
            return self._load_train()
        return self._load_val()

    def _read_classes(self) -> None:
        """Read the classes, and find the images."""
        name = 'LOC_synset_mapping.txt'
        mapping = self._find(name, f'the class list {name}')
        names = read_synset_mapping(mapping)
        self.set_classes(list(names.values()))
        self.mapping = mapping
        self.labels = {wnid: i for i, wnid in enumerate(names)}
        self.image_root = self._find(
            f'Data/CLS-LOC/{self.split}', f'the images of {self.split}'
        )

    def _find(self, path: str, what: str) -> str:
        return find(self.data_root, *_places(path), what=what)

    def _has(self, path: str) -> str | None:
        """Give the path of an optional file or folder, or None."""
        for place in _places(path):
            full = osp.normpath(osp.join(self.data_root, place))
            if osp.exists(full):
                return full
        return None

    def _label(self, wnid: str, where: str) -> int:
        if wnid not in self.labels:
            raise ValueError(
                f'{where}: class {wnid!r} is not one of the '
                f'{len(self.labels)} of {self.mapping}.'
            )
        return self.labels[wnid]

    def _load_train(self) -> list[dict]:
        listed = self._has('ImageSets/CLS-LOC/train_cls.txt')
        if listed:
            # 'n01440764/n01440764_10026 1'
            lines = [(w, line.split()[0]) for w, line in read_lines(listed)]
            names = self._names_of([stem for _, stem in lines])
            paths = [(where, names[stem]) for where, stem in lines]
        else:
            paths = [(self.image_root, path) for path in self._scan()]
        samples: list[dict] = [
            dict(
                img_path=inside(self.image_root, path, where),
                img_id=path,
                gt_label=self._label(path.split('/')[0], where),
            )
            for where, path in paths
        ]
        if self.train_boxes:
            stems = [osp.splitext(s['img_id'])[0] for s in samples]
            annotated, source = self.read_boxes(
                lambda: self._annotations(stems, some=True), ({}, '')
            )
            for sample in samples:
                self.read_boxes(
                    partial(self._add_boxes, sample, annotated, source), None
                )
        return samples

    def _names_of(self, stems: list[str]) -> dict[str, str]:
        """Give listed paths the suffix '.JPEG', or the one that the file has.

        Where there is no such file it may be in a database.
        """
        found = set(self._scan())
        there = {osp.splitext(path)[0]: path for path in found}
        usual = {stem: f'{stem}.JPEG' for stem in stems}
        return {
            stem: name if name in found else there.get(stem, name)
            for stem, name in usual.items()
        }

    def _scan(self) -> list[str]:
        """List the images below the image root, and log the other files."""
        found = walk(self.image_root, by_name=True)
        for line in describe(found.left_out):
            print_log(f'{self.image_root}: {line}', 'current', logging.WARNING)
        return found.images

    def _load_val(self) -> list[dict]:
        found = {}
        for path in self._scan():
            name = osp.splitext(osp.basename(path))[0]
            if name in found:
                raise ValueError(
                    f'{self.image_root}: image {name} is there twice, as '
                    f'{found[name]} and as {path}. Remove one.'
                )
            found[name] = path
        listed = self._has('ImageSets/CLS-LOC/val.txt')
        if listed:
            ids = [line.split()[0] for _, line in read_lines(listed)]
            agree(ids, listed, found, self.image_root)
        else:
            ids = list(found)
        annotated, source = self._annotations(ids)
        agree(ids, listed or self.image_root, annotated, source)
        samples = []
        for path in (found[i] for i in ids):
            full = inside(self.image_root, path, self.image_root)
            sample = dict(img_path=full, img_id=path)
            samples.append(self._add_boxes(sample, annotated, source))
        return self._without_blacklisted(samples)

    def _without_blacklisted(self, samples: list[dict]) -> list[dict]:
        if not self.blacklist:
            return samples
        numbers = {f'{n:08d}' for n in read_blacklist(self.blacklist)}
        kept = [
            s
            for s in samples
            if osp.splitext(s['img_id'])[0].rsplit('_', 1)[-1] not in numbers
        ]
        print_log(
            f'ImageNetLoc: {len(samples) - len(kept)} of {len(samples)} '
            f'images are left out because of {self.blacklist}.',
            'current',
        )
        return kept

    def _annotations(self, ids, some=False) -> tuple[dict, str]:
        """Return ``{image id: XML path, or (wnids, boxes)}`` and the source.

        Args:
            ids: Paths of the images, without suffix.
            some (bool): Allow images without an annotation.
        """
        folder = f'Annotations/CLS-LOC/{self.split}'
        table = f'LOC_{self.split}_solution.csv'
        wanted = dict(xml=[folder], csv=[table], auto=[folder, table])
        places = wanted[self.boxes_from]
        source = next(filter(None, map(self._has, places)), None)
        if source is None:
            candidates = [one for place in places for one in _places(place)]
            what = f'the boxes of {self.split}'
            return {}, find(self.data_root, *candidates, what=what)
        if source.endswith('.csv'):
            return read_solution_csv(source), source
        if some:
            paths = {i: osp.join(source, f'{i}.xml') for i in ids}
            paths = {i: p for i, p in paths.items() if osp.exists(p)}
        else:
            names = [n for n in os.listdir(source) if n.endswith('.xml')]
            paths = {osp.splitext(n)[0]: osp.join(source, n) for n in names}
        return paths, source

    def _add_boxes(self, sample: dict, annotated: dict, source: str) -> dict:
        """Add label, boxes and size of an annotation to its sample."""
        key = osp.splitext(sample['img_id'])[0]
        entry = annotated.get(key) or annotated.get(osp.basename(key))
        if entry is None:
            return sample
        if isinstance(entry, str):
            size, names, boxes, _ = read_voc_xml(entry)
            if size is not None:
                sample['ann_size'] = size
        else:
            names, boxes = entry
            entry = source
        if not boxes:
            image = sample['img_id']
            fail(entry, 'no <object>', f'the class and a box of {image}')
        if self.split == 'train':  # the folder is the class
            own = sample['img_id'].split('/')[0]
            for name, box in zip(names, boxes, strict=True):
                if name != own:
                    self.faults.add(OTHER_CLASS, f'{box.source}: {name}')
            boxes = [b for n, b in zip(names, boxes, strict=True) if n == own]
        else:
            sample['gt_label'] = self._label_of(sample, names, boxes)
        if boxes:
            sample.update(box_fields(boxes, inclusive=True))
        return sample

    def _label_of(self, sample, names, boxes) -> int:
        if '/' in sample['img_id']:
            names = names + [sample['img_id'].split('/')[0]]
        if len(set(names)) > 1:
            raise ValueError(
                f'{boxes[0].source}: image {sample["img_id"]} is of several '
                f'classes, {sorted(set(names))}. CLS-LOC has one for each '
                'image.'
            )
        return self._label(names[0], boxes[0].source)


def _places(path: str) -> list[str]:
    """List where a file or folder may be, below the data root."""
    # Kaggle puts the lists beside the folder ILSVRC.
    above = [f'../{path}'] if path.startswith('LOC_') else []
    return [path, f'ILSVRC/{path}', *above]
