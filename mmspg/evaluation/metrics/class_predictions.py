"""Class predictions of other classifiers (Table 3 of the paper)."""

import csv
import json
import pickle
from collections import Counter
from operator import index
from pathlib import Path, PurePosixPath

import numpy as np

from ..samples import UNRANKED

KEPT = 100  # classes an image; no figure asks for more than five
LARGEST = float(np.finfo(np.float32).max)  # a score that is kept


class ClassPredictions:
    """Ranked classes by image, from one classifier or the mean of several.

    Formats, by the file's ending:

    - ``.csv``: a line of image, then label and score in turn, ranked or not:
      ``n01440764/a.JPEG,12,0.9,7,0.05``. A line that starts with ``image``
      is a heading.
    - ``.json``: ``{"image": {"labels": [12, 7], "scores": [0.9, 0.05]}}``.
    - ``.pkl``: what MMPretrain's ``tools/test.py --out`` writes. Reading a
      pickle runs what is in it, so it has to be asked for.

    An image is named as in the data set, or by a longer or a shorter path;
    where no two predictions have the same file name, folders do not matter.

    Args:
        files (str | sequence[str]): One file a classifier; the scores are
            averaged, a class that a file does not list counts 0 there.
        allow_pickle (bool): Whether ``.pkl`` may be read. Defaults to False.

    Raises:
        ValueError: Unknown ending, a malformed line, an image that is there
            twice, or files that have not the same images: all are listed.
    """

    def __init__(self, files, allow_pickle=False):
        self.files = [files] if isinstance(files, (str, Path)) else list(files)
        if not self.files:
            raise ValueError('class_predictions: no file was given')
        parts = [_read(Path(file), allow_pickle) for file in self.files]
        for file, part in zip(self.files, parts, strict=True):
            odd = set(parts[0]) ^ set(part)
            if odd:
                raise ValueError(
                    f'{self.files[0]} and {file} have not the same images; '
                    f'only in one are {_listing(odd)}'
                )
        self._ranked = {
            image: _mean([part[image] for part in parts]) for image in parts[0]
        }
        self._by_name = {}
        for image in self._ranked:
            name = PurePosixPath(image).name
            self._by_name.setdefault(name, []).append(image)
        self._distinct = all(len(v) == 1 for v in self._by_name.values())

    @classmethod
    def build(cls, config):
        """From a file, several files, a dict of arguments, or None."""
        if config is None or isinstance(config, cls):
            return config
        if isinstance(config, dict):
            return cls(**config)
        return cls(config)

    def __len__(self):
        return len(self._ranked)

    def find(self, image):
        """The name that an image of the data set has in the files.

        Raises:
            KeyError: None, or several that cannot be told apart.
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
        """The ``topk`` classes of an image and their scores, best first.

        Returns:
            tuple[list[int], list[float]]: Fewer where fewer are known.
        """
        labels, scores = self._ranked[self.find(image)]
        return labels[:topk].tolist(), scores[:topk].tolist()

    def rank(self, image, label):
        """How many classes come before this one; `UNRANKED` past the list."""
        labels, _ = self.ranked(image, topk=KEPT)
        return labels.index(label) if label in labels else UNRANKED

    def check(self, images):
        """Compare with the images of a data set.

        Raises:
            ValueError: Images without a prediction, or that share one.
        """
        found, missing = Counter(), []
        for image in images:
            try:
                found[self.find(image)] += 1
            except KeyError:
                missing.append(image)
        if missing:
            self.refuse(missing)
        shared = [image for image, number in found.items() if number > 1]
        if shared:
            raise ValueError(
                f'{self._names}: one prediction serves several images of the '
                f'data set: {_listing(shared)}; give their folders, too'
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


def _same(parts, other):
    """Whether one path is the end of the other."""
    other = PurePosixPath(other).parts
    size = min(len(parts), len(other))
    return parts[-size:] == other[-size:]


def _mean(parts):
    """Labels and mean scores, best first, the lower label among equals."""
    labels, inverse = np.unique(
        np.concatenate([part[0] for part in parts]), return_inverse=True
    )
    scores = np.concatenate([part[1] for part in parts]).astype(np.float64)
    scores = np.bincount(inverse.reshape(-1), scores) / len(parts)
    order = np.lexsort((labels, -scores))[:KEPT]
    return labels[order], scores[order]


def _read(path, allow_pickle):
    readers = {'.csv': _read_csv, '.json': _read_json}
    if path.suffix in ('.pkl', '.pickle'):
        if not allow_pickle:
            raise ValueError(
                f'{path}: reading a pickle runs the code in it; if you made '
                'this file yourself, ask for it with allow_pickle=True'
            )
        reader = _read_pickle
    elif path.suffix in readers:
        reader = readers[path.suffix]
    else:
        raise ValueError(
            f'{path}: class predictions are read from .csv, .json, .pkl and '
            '.pickle files'
        )
    if not path.is_file():
        raise ValueError(f'{path}: no such file of class predictions')
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
                'scores; as many of each, and one at least, were expected'
            )
        if len(set(labels)) != len(labels):
            raise ValueError(f'{path}, {where}: a label is there twice')
        if not all(abs(score) <= LARGEST for score in scores):  # no NaN is
            raise ValueError(f'{path}, {where}: a score is not a number')
        if not all(0 <= label < UNRANKED for label in labels):
            raise ValueError(
                f'{path}, {where}: labels are integers from 0, got '
                f'{min(labels)} to {max(labels)}'
            )
        if image in found:
            doubles.append(image)
        # Arrays: 50,000 dictionaries of 1000 classes would fill the memory.
        found[image] = (
            np.array(labels, np.int32),
            np.array(scores, np.float32),
        )
    if doubles:
        raise ValueError(
            f'{path}: {len(doubles)} images are there more than once: '
            f'{_listing(doubles)}'
        )
    if not found:
        raise ValueError(f'{path}: no class prediction in the file')
    return found


def _read_csv(path):
    with open(path, encoding='utf-8', newline='') as file:
        for number, row in enumerate(_rows(path, file), 1):
            if not row or (number == 1 and row[0].strip() == 'image'):
                continue
            where = f'line {number}'
            try:
                labels = [int(cell) for cell in row[1::2]]
                scores = [float(cell) for cell in row[2::2]]
            except ValueError as error:
                raise ValueError(
                    f'{path}, {where}: image,label,score,label,score ... was '
                    f'expected ({error})'
                ) from None
            yield row[0].strip(), labels, scores, where


def _rows(path, file):
    rows = csv.reader(file)
    try:
        yield from rows
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f'{path}, line {rows.line_num}: {error}') from None


def _read_json(path):
    def pairs(items):
        # A plain dict would keep the last of two images silently.
        doubles = [k for k, n in Counter(k for k, _ in items).items() if n > 1]
        if doubles:
            raise ValueError(
                f'{path}: {len(doubles)} keys are there more than once: '
                f'{_listing(doubles)}'
            )
        return dict(items)

    try:
        content = json.loads(path.read_bytes(), object_pairs_hook=pairs)
    except (ValueError, RecursionError) as error:
        if str(path) in str(error):  # of `pairs`
            raise
        raise ValueError(f'{path}: not JSON ({error})') from None
    if not isinstance(content, dict):
        raise ValueError(
            f'{path}: a JSON object with the images as keys was expected, got '
            f'{type(content).__name__}'
        )
    for image, found in content.items():
        try:
            labels = [index(label) for label in found['labels']]
            scores = list(found['scores'])
        except (KeyError, TypeError):
            raise ValueError(
                f'{path}, key {image!r}: {{"labels": [..], "scores": [..]}} '
                'was expected'
            ) from None
        yield image, labels, scores, f'key {image!r}'


def _read_pickle(path):
    try:
        with open(path, 'rb') as file:
            samples = list(pickle.load(file))  # asked for, see `_read`
    except Exception as error:  # a broken pickle raises anything
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
                f"{path}, {where}: 'pred_score' and 'img_path' were expected, "
                "as MMPretrain's tools/test.py --out writes them"
            ) from None
        yield image, list(range(len(scores))), scores.tolist(), where


def _listing(names, most=20):
    names = sorted(map(str, names))
    more = f' and {len(names) - most} more' if len(names) > most else ''
    return ', '.join(names[:most]) + more
