"""Read class predictions of other classifiers (Table 3 of the paper)."""

import csv
import json
import pickle
from collections import Counter
from operator import index
from pathlib import Path, PurePosixPath

import numpy as np

from mmspg.datasets.annotations.formats import open_text

from ..samples import UNRANKED

KEPT = 100  # classes for each image; no figure needs more than five
LARGEST = float(np.finfo(np.float32).max)  # the largest score


class ClassPredictions:
    """Ranked classes by image, from one classifier or the mean of several.

    The ending of a file tells its format:

    - ``.csv``: a line has the image, then labels and scores in turn:
      ``n01440764/a.JPEG,12,0.9,7,0.05``. A first line may be a heading that
      starts with ``image``.
    - ``.json``: ``{"image": {"labels": [12, 7], "scores": [0.9, 0.05]}}``.
    - ``.pkl``: what MMPretrain's ``tools/test.py --out`` writes. Reading a
      pickle can run any code in it, so it must be allowed.

    An image has its name in the data set, or a longer or shorter path. If no
    two predictions have the same file name, folders do not matter.

    Args:
        files (str | sequence[str]): One file for each classifier. The scores
            are averaged; a class that a file does not list counts 0 there,
            so scores must not be negative unless all files list it.
        allow_pickle (bool): Allow ``.pkl`` files. Defaults to False.

    Raises:
        ValueError: An ending is unknown, a line is malformed, an image comes
            twice, or the files have different images. The message lists them.
    """

    def __init__(self, files, allow_pickle=False):
        self.files = [files] if isinstance(files, (str, Path)) else list(files)
        if not self.files:
            raise ValueError('class_predictions: give at least one file')
        parts = [_read(Path(file), allow_pickle) for file in self.files]
        for file, part in zip(self.files, parts, strict=True):
            odd = set(parts[0]) ^ set(part)
            if odd:
                raise ValueError(
                    f'{self.files[0]} and {file} have different images. Only '
                    f'in one are {_listing(odd)}'
                )
        self._ranked = {
            image: self._mean(image, [part[image] for part in parts])
            for image in parts[0]
        }
        self._last = max(
            (int(part[image][0].max()), str(file), image)
            for file, part in zip(self.files, parts, strict=True)
            for image in part
        )
        self._by_name = {}
        for image in self._ranked:
            name = PurePosixPath(image).name
            self._by_name.setdefault(name, []).append(image)
        self._distinct = all(len(v) == 1 for v in self._by_name.values())

    @classmethod
    def build(cls, config):
        """Build it from a file, several files, a dict of arguments or None."""
        if config is None or isinstance(config, cls):
            return config
        if isinstance(config, dict):
            return cls(**config)
        return cls(config)

    def __len__(self):
        return len(self._ranked)

    def find(self, image):
        """Find the name that an image of the data set has in the files.

        Raises:
            KeyError: There is no name, or there are several.
        """
        if image in self._ranked:
            return image
        path = PurePosixPath(str(image).replace('\\', '/'))
        found = self._by_name.get(path.name, [])
        if not self._distinct:
            found = [other for other in found if _same(path.parts, other)]
        if len(found) != 1:
            raise KeyError(image)
        return found[0]

    def ranked(self, image, topk=5):
        """Give the ``topk`` best classes of an image and their scores.

        Returns:
            tuple[list[int], list[float]]: Best first; fewer if the files have
            fewer.
        """
        labels, scores = self._ranked[self.find(image)]
        return labels[:topk].tolist(), scores[:topk].tolist()

    def rank(self, image, label):
        """Count the classes before this one; `UNRANKED` if it is not there."""
        labels, _ = self.ranked(image, topk=KEPT)
        return labels.index(label) if label in labels else UNRANKED

    def check_labels(self, number):
        """Refuse labels beyond the number of classes with a ValueError."""
        label, file, image = self._last
        if label >= number:
            raise ValueError(
                f'{file}, image {image!r}: label {label}, and there are '
                f'{number} classes. Labels count from 0, to {number - 1}'
            )

    def refuse(self, missing):
        """Raise the error that lists the images without a prediction."""
        raise ValueError(
            f'{self._names}: no class prediction for {len(missing)} images '
            f'of the data set: {_listing(missing)}'
        )

    @property
    def _names(self):
        return ', '.join(map(str, self.files))

    def _mean(self, image, parts):
        """Give labels and mean scores, best first; of equals, lower label."""
        labels, inverse, counts = np.unique(
            np.concatenate([part[0] for part in parts]),
            return_inverse=True,
            return_counts=True,
        )
        scores = np.concatenate([part[1] for part in parts])
        if scores.min() < 0 and counts.min() < len(parts):
            raise ValueError(
                f'{self._names}, image {image!r}: a score is negative, and a '
                'class that is not in all files counts 0. Write probabilities'
            )
        scores = np.bincount(inverse.reshape(-1), scores.astype(np.float64))
        order = np.lexsort((labels, -scores))[:KEPT]
        return labels[order], scores[order] / len(parts)


def _same(parts, other):
    """Tell whether one path is the end of the other."""
    other = PurePosixPath(other).parts
    size = min(len(parts), len(other))
    return parts[-size:] == other[-size:]


def _read(path, allow_pickle):
    readers = {'.csv': _read_csv, '.json': _read_json}
    readers |= dict.fromkeys(('.pkl', '.pickle'), _read_pickle)
    reader = readers.get(path.suffix)
    if reader is None:
        raise ValueError(
            f'{path}: class predictions are read from {", ".join(readers)}'
        )
    if reader is _read_pickle and not allow_pickle:
        raise ValueError(
            f'{path}: reading a pickle can run any code in it. If you made '
            'this file yourself, set allow_pickle=True'
        )
    if not path.is_file():
        raise ValueError(f'{path}: there is no such file')
    found, doubles = {}, []
    for image, labels, scores, where in reader(path):
        image = str(image).replace('\\', '/')
        try:
            scores = [float(score) for score in scores]
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(
                f'{path}, {where}: a score is not a number ({error})'
            ) from None
        if len(labels) != len(scores) or not labels:
            raise ValueError(
                f'{path}, {where}: {len(labels)} labels and {len(scores)} '
                'scores. There must be as many of each, and at least one'
            )
        if len(set(labels)) != len(labels):
            raise ValueError(f'{path}, {where}: a label comes twice')
        if not all(abs(score) <= LARGEST for score in scores):  # no NaN is
            raise ValueError(f'{path}, {where}: a score is not a number')
        if not all(0 <= label < UNRANKED for label in labels):
            raise ValueError(
                f'{path}, {where}: labels must be integers from 0, got '
                f'{min(labels)} to {max(labels)}'
            )
        if image in found:
            doubles.append(image)
        # 50,000 dictionaries of 1000 classes would fill the memory.
        found[image] = (
            np.array(labels, np.int32),
            np.array(scores, np.float32),
        )
    if doubles:
        raise ValueError(
            f'{path}: {len(doubles)} images come more than once: '
            f'{_listing(doubles)}'
        )
    if not found:
        raise ValueError(f'{path}: the file has no class prediction')
    return found


def _read_csv(path):
    with open_text(path) as file:
        for number, row in enumerate(_rows(path, file), 1):
            if not row or (number == 1 and row[0].strip() == 'image'):
                continue
            where = f'line {number}'
            try:
                labels = [int(cell) for cell in row[1::2]]
                scores = [float(cell) for cell in row[2::2]]
            except ValueError as error:
                raise ValueError(
                    f'{path}, {where}: expected image,label,score,label,'
                    f'score ... ({error})'
                ) from None
            yield row[0].strip(), labels, scores, where


def _rows(path, file):
    rows = csv.reader(file)
    try:
        yield from rows
    except (csv.Error, UnicodeError) as error:
        raise ValueError(f'{path}, line {rows.line_num}: {error}') from None


def _read_json(path):
    def pairs(items):
        # A plain dict would keep the last of two images silently.
        doubles = [k for k, n in Counter(k for k, _ in items).items() if n > 1]
        if doubles:
            raise ValueError(
                f'{path}: {len(doubles)} keys come more than once: '
                f'{_listing(doubles)}'
            )
        return dict(items)

    try:
        content = json.loads(path.read_bytes(), object_pairs_hook=pairs)
    except (ValueError, RecursionError) as error:
        if str(path) in str(error):  # the error of `pairs`
            raise
        raise ValueError(f'{path}: not JSON ({error})') from None
    if not isinstance(content, dict):
        raise ValueError(
            f'{path}: expected a JSON object with the images as keys, got '
            f'{type(content).__name__}'
        )
    for image, found in content.items():
        try:
            labels = [index(label) for label in found['labels']]
            scores = list(found['scores'])
        except (KeyError, TypeError):
            raise ValueError(
                f'{path}, key {image!r}: expected {{"labels": [..], '
                '"scores": [..]}}'
            ) from None
        yield image, labels, scores, f'key {image!r}'


def _read_pickle(path):
    try:
        with open(path, 'rb') as file:
            samples = list(pickle.load(file))  # it was allowed, see `_read`
    except Exception as error:  # a broken pickle can raise any error
        raise ValueError(
            f'{path}: not a list of samples as a pickle '
            f'({type(error).__name__}: {error})'
        ) from error
    for number, sample in enumerate(samples):
        where = f'sample {number}'
        try:
            scores = np.asarray(sample['pred_score'], np.float64).reshape(-1)
            image = sample.get('img_id') or sample['img_path']
        except (AttributeError, KeyError, TypeError, ValueError):
            raise ValueError(
                f"{path}, {where}: expected 'pred_score' and 'img_path', as "
                "MMPretrain's tools/test.py --out writes them"
            ) from None
        yield image, list(range(len(scores))), scores.tolist(), where


def _listing(names, most=20):
    names = sorted(map(str, names))
    more = f' and {len(names) - most} more' if len(names) > most else ''
    return ', '.join(names[:most]) + more
