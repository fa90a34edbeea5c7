"""Feed every reader with bad input, and count what comes of it.

    python tools/misc/fuzz.py --number 100000 --out fuzz.json

Inputs are made by hypothesis, of two kinds: good files with pieces cut out,
repeated and put in, and words of the format in any order. A reader may take
an input, or refuse it by an error of its own that names the file. All else
is a problem: another error, one that names nothing, more than LIMIT seconds,
memory past --memory. Ends with 1 if there is one; the inputs are kept.

No atheris: the parsing is expat's, csv's, json's, Pillow's and PyTorch's, in
C, where it sees no branches without a build of its own; what is ours is short.
"""

import argparse
import io
import json
import logging
import pickle
import resource
import shutil
import signal
import sys
import tempfile
import time
import warnings
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

LIMIT = 10  # seconds; what takes longer counts as a hang
KEEP = 20  # problems of a target that are written down

# -- inputs ------------------------------------------------------------------

ODD = [
    b'-1',
    b'0',
    b'1e400',
    b'nan',
    b'inf',
    b'9' * 30,
    b'9' * 5000,
    b'1_0',
    b'1.5',
    b'0x10',
    b'\xd9\xa3',  # a digit, but not ours
    b'\xc2\xb2',  # superscript two: isdigit() and no int()
    b'../../etc/passwd',
    b'/etc/passwd',
    b'..\\x',
    b'C:/x',
    b'\x00',
    b'\xff\xfe',
    b'\xef\xbb\xbf',
    b'\r',
    b'\n',
    b'\n\n',
    b' ',
    b',',
    b'"',
    b"'",
    b'{',
    b'[' * 2000,
    b'\xe2\x80\xa8',
    b'a' * 3000,
]


@st.composite
def mutated(draw, originals, words):
    """A good file with a few cuts, repeats and insertions."""
    content = draw(st.sampled_from(originals))
    piece = st.sampled_from([*words, *ODD]) | st.binary(max_size=4)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = start + draw(st.sampled_from([0, 0, 1, 2, 4, 16, 10**6]))
        middle = draw(piece | st.just(content[start:end] * 2) | st.just(b''))
        content = content[:start] + middle + content[end:]
    return content


def shuffled(words):
    """Words of a format in any order."""
    word = st.sampled_from([*words, *ODD]) | st.binary(max_size=3)
    return st.lists(word, max_size=30).map(b''.join)


def contents(originals, words=()):
    """Bad files of a format."""
    words = list(words) or ODD
    return mutated(originals, words) | shuffled(words)


# -- targets -----------------------------------------------------------------


class Target(NamedTuple):
    """Something that reads, and what to feed it with."""

    strategy: st.SearchStrategy
    read: Callable[[Any, Path], Any]  # an input, a folder to write it to
    errors: tuple = (ValueError, FileNotFoundError)
    names_file: bool = True  # whether an error must name the file


def of_file(name, originals, words, read):
    """A target that reads one file."""

    def write_and_read(content, folder):
        path = folder / name
        path.write_bytes(content)
        return read(str(path))

    return Target(contents(originals, words), write_and_read)


def of_folder(files, words, read):
    """A target that reads a folder, one file of which is bad."""

    def write_and_read(case, folder):
        bad, content = case
        for name, good in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if name == bad else good)
        return read(folder)

    cases = [
        st.tuples(st.just(name), contents([files[name]], words))
        for name in files
    ]
    return Target(st.one_of(cases), write_and_read)


XML = b"""<annotation><filename>a</filename><size><width>20</width>
<height>10</height><depth>3</depth></size><object><name>n01</name>
<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>9</xmax><ymax>8</ymax></bndbox>
</object></annotation>"""
XML_WORDS = [
    b'<?xml version="1.0" encoding="utf-16"?>',
    b'<!DOCTYPE a [<!ENTITY b "bbbbbbbb">]>',
    b'<!DOCTYPE a SYSTEM "file:///etc/passwd">',
    b'&b;&b;&amp;&#0;&#x10ffff;',
    b'<annotation>',
    b'</annotation>',
    b'<object>',
    b'</object>',
    b'<bndbox/>',
    b'<size/>',
    b'<a>' * 40,
    b'<a b="c">',
    b'<![CDATA[',
    b']]>',
    b'<!--',
    b'-->',
    b'<?x?>',
]


def annotation_targets():
    from mmspg.datasets import CUBLoc, WSOLMetadata
    from mmspg.datasets.formats import (
        read_blacklist,
        read_solution_csv,
        read_synset_mapping,
        read_voc_xml,
    )

    yield 'VOC XML', of_file('a.xml', [XML], XML_WORDS, read_voc_xml)
    yield (
        'Kaggle solution CSV',
        of_file(
            'LOC_val_solution.csv',
            [b'ImageId,PredictionString\na,n01 1 2 3 4 \nb,n02 5 6 7 8\n'],
            [b'a,', b'n01 1 2 3 4 ', b'ImageId,PredictionString\n'],
            read_solution_csv,
        ),
    )
    yield (
        'synset mapping',
        of_file('map.txt', [b'n01 tench\nn02 ray\n'], (), read_synset_mapping),
    )
    yield (
        'ILSVRC blacklist',
        of_file('black.txt', [b'36\n50\n'], (), read_blacklist),
    )
    cub = {
        'images.txt': b'1 a/x.jpg\n2 b/y.jpg\n',
        'image_class_labels.txt': b'1 1\n2 2\n',
        'train_test_split.txt': b'1 1\n2 0\n',
        'bounding_boxes.txt': b'1 1.0 2.0 3.0 4.0\n2 0 0 5 5\n',
        'classes.txt': b'1 a\n2 b\n',
    }
    yield (
        'CUB text files',
        of_folder(
            cub,
            [b'1 ', b'2 ', b'a/x.jpg', b'1.5 '],
            lambda folder: CUBLoc(
                str(folder), 'train', pipeline=[], serialize_data=False
            ),
        ),
    )
    wsol = {
        'val/image_ids.txt': b'a/x.jpg\nb/y,z.jpg\n',
        'val/class_labels.txt': b'a/x.jpg,0\nb/y,z.jpg,1\n',
        'val/image_sizes.txt': b'a/x.jpg,20,10\nb/y,z.jpg,30,30\n',
        'val/localization.txt': b'a/x.jpg,1,1,9,9\nb/y,z.jpg,0,0,29,29\n',
        'class_names.txt': b'one\ntwo\n',
    }
    words = [b'a/x.jpg,', b'b/y,z.jpg,', b'1,1,9,9', b'm.png,i.png']

    def read_metadata(folder):
        return WSOLMetadata(
            str(folder),
            str(folder),
            'val',
            test_mode=True,
            pipeline=[],
            serialize_data=False,  # it collects garbage each time
        )

    yield 'metadata CSV', of_folder(wsol, words, read_metadata)
    masks = {
        **wsol,
        'val/localization.txt': b'a/x.jpg,m.png,i.png\nb/y,z.jpg,n.png,\n',
    }
    yield 'metadata CSV, masks', of_folder(masks, words, read_metadata)


def prediction_targets():
    from mmspg.evaluation.metrics.class_predictions import ClassPredictions
    from mmspg.evaluation.metrics.threshold_choice import read_choice

    table = {'a.jpg': {'labels': [1, 2], 'scores': [0.5, 1]}}
    table['b.jpg'] = table['a.jpg']
    yield (
        'predictions CSV',
        of_file(
            'p.csv',
            [b'image,label,score\na.jpg,1,.5,2,.25\nb.jpg,0,1\n'],
            [b'a.jpg,', b'1,.5,'],
            ClassPredictions,
        ),
    )
    words = [b'"labels":', b'"scores":', b'[1, 2]', b'null', b'true', b'}']
    yield (
        'predictions JSON',
        of_file(
            'p.json', [json.dumps(table).encode()], words, ClassPredictions
        ),
    )
    samples = [{'pred_score': [0.5, 0.5], 'img_path': 'a.jpg'}]
    yield (
        'predictions pickle, on request',
        of_file(
            'p.pkl',
            [pickle.dumps(samples, p) for p in range(6)],
            [pickle.dumps(v, 2)[2:-1] for v in (1, 'a', None, [1], 1e400)],
            lambda path: ClassPredictions(path, allow_pickle=True),
        ),
    )
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(['pred_score', 'img_path', 'img_id', 'labels'])
                | st.text(max_size=3),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    )

    def read_values(value, folder):
        path = folder / 'values.json'
        path.write_text(json.dumps(value))
        taken = _accepts(ClassPredictions, path)
        path = folder / 'values.pkl'
        path.write_bytes(pickle.dumps(value))
        return taken, ClassPredictions(path, allow_pickle=True)

    yield 'predictions of any values', Target(values, read_values)
    yield (
        'stored threshold JSON',
        of_file(
            't.json',
            [b'{"threshold": 0.2, "rule": "cam"}'],
            [b'"threshold":', b'1e999', b'NaN', b'"0.5"'],
            read_choice,
        ),
    )


def _accepts(read, path):
    try:
        read(path)
    except ValueError as error:
        if path.name not in str(error):
            raise AssertionError(f'names no file: {error}') from error
        return False
    return True


def image_targets():
    import numpy as np
    from PIL import Image

    from mmspg.datasets.images import UnreadableImageError, decode_image

    grid = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)
    originals = []
    for name in ('JPEG', 'PNG', 'GIF', 'BMP', 'TIFF', 'WEBP', 'PPM'):
        for mode in ('RGB', 'L', 'P', 'CMYK', 'I;16', 'RGBA'):
            image = Image.fromarray(grid)
            file = io.BytesIO()
            try:
                if mode == 'I;16':
                    image = Image.fromarray(np.eye(8, dtype=np.uint16))
                else:
                    image = image.convert(mode)
                image.save(file, name)
            except (OSError, ValueError):
                continue
            originals.append(file.getvalue())

    def read(content, _):
        return decode_image(content, 'named.jpg', 'apply')

    errors = (UnreadableImageError,)
    words = [b'\xff\xd8', b'\xff\xc0', b'IHDR', b'IDAT', b'\x7f\xff\xff\xff']
    yield 'images', Target(contents(originals, words), read, errors)

    @st.composite
    def headers(draw):
        """A PNG of any claimed size whose checksums are right."""
        side = st.sampled_from([0, 1, 8, 9000, 65536, 2**31 - 1, 2**32 - 1])
        width, height = draw(side), draw(side)
        kind = bytes(draw(st.tuples(*[st.integers(0, 17)] * 5)))
        head = width.to_bytes(4, 'big') + height.to_bytes(4, 'big') + kind
        data = draw(st.binary(max_size=40))
        pieces = [(b'IHDR', head), (b'IDAT', zlib.compress(data))]
        out = b'\x89PNG\r\n\x1a\n'
        for name, body in (*pieces, (b'IEND', b'')):
            check = zlib.crc32(name + body).to_bytes(4, 'big')
            out += len(body).to_bytes(4, 'big') + name + body + check
        return out

    yield 'images, headers', Target(headers(), read, errors)


def checkpoint_targets():
    import torch

    from mmspg.utils.checkpoint import check_checkpoint

    model = torch.nn.Linear(3, 2)
    originals = []
    for content in (model.state_dict(), {'state_dict': model.state_dict()}):
        for zipped in (True, False):
            file = io.BytesIO()
            torch.save(content, file, _use_new_zipfile_serialization=zipped)
            originals.append(file.getvalue())

    def read(path):
        check_checkpoint(model, path)

    words = [pickle.dumps(v, 2)[2:-1] for v in (1, 'weight', None, [])]
    words += [b'PK\x03\x04', b'PK\x05\x06', b'cos\nsystem\n', b'R.']
    yield 'checkpoints', of_file('c.pth', originals, words, read)

    plain = st.none() | st.integers() | st.text(max_size=3) | st.floats()
    value = plain | st.builds(torch.zeros, st.integers(0, 3))
    names = st.sampled_from(['weight', 'bias', 'state_dict', 'meta'])
    tables = st.dictionaries(names | st.integers(), value, max_size=4)
    whole = value | tables | st.builds(lambda t: {'state_dict': t}, tables)

    def read_content(content, folder):
        path = folder / 'values.pth'
        torch.save(content, path)
        check_checkpoint(model, str(path))

    yield 'checkpoints of any values', Target(whole, read_content)


def score_map_targets():
    import numpy as np

    from mmspg.evaluation.wsol.score_map_files import read_on_grid

    file = io.BytesIO()
    np.save(file, np.zeros((224, 224), np.float32))
    whole = file.getvalue()
    short = whole[:128].replace(b'224', b'  2')
    words = [b"{'descr': '<f4', ", b"'shape': (9, 9)", b'|O', b'\x93NUMPY']

    def read_map(path):
        return read_on_grid(Path(path).parent, 'a.jpg')

    yield (
        'score maps, .npy',
        of_file('a.jpg.npy', [whole, short], words, read_map),
    )
    file = io.BytesIO()
    np.savez_compressed(
        file,
        levels=np.zeros((1, 3, 3), np.uint16),
        low=np.zeros(1),
        high=np.ones(1),
        labels=np.zeros(1, np.int32),
        gt_label=0,
    )
    yield (
        'score maps, .npz',
        of_file('a.jpg.npz', [file.getvalue()], words, read_map),
    )


def config_targets():
    from mmengine.config import Config

    from mmspg.datasets import CUBLoc, SyntheticLoc, WSOLMetadata
    from mmspg.datasets import transforms as t
    from mmspg.engine import hooks
    from mmspg.evaluation import metrics as m
    from mmspg.models import heads, necks
    from mmspg.utils import cfg as change

    words = ['a', 'a.b', 'a.l', '=', '(1,', '[', ']', ',', '1', 'None', '.']
    words += ['"', "'", '-', '_delete_', '{', ' ', '0', 'x' * 500]
    texts = st.lists(
        st.sampled_from(words) | st.text(max_size=2), max_size=8
    ).map(''.join)

    def merge(options, _):
        cfg = Config(dict(a=dict(b=1, l=[dict(c=1)]), data_root=''))
        change.merge_options(cfg, options)

    yield (
        '--cfg-options',
        Target(st.lists(texts, max_size=3), merge, (ValueError,), False),
    )

    def size(side, _):
        pipe = [dict(type='X', scale=(256, 256)), dict(type='Y', crop_size=8)]
        cfg = Config(dict(train_pipeline=pipe))
        change.set_input_size(cfg, side)

    yield (
        '--input-size',
        Target(st.integers(), size, (ValueError,), False),
    )
    odd = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-3, 300),
        st.integers(),
        st.floats(),
        st.text(max_size=4),
        st.sampled_from(['train', 'val', 'oracle', 'cam', 'error', 'replace']),
        st.lists(st.floats() | st.integers(-2, 9), max_size=3),
        st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    )
    # Of a network: one of 10^9 channels is a wish, and torch refuses it.
    width = st.none() | st.integers(-3, 300) | st.floats() | st.text()
    widths = width | st.lists(width, max_size=3)
    settable = {
        SyntheticLoc: 'split num_images num_classes side seed broken_images',
        CUBLoc: 'data_root split broken_images test_mode',
        WSOLMetadata: 'data_root metadata_root split proxy mask_root',
        t.LoadLocImage: 'exif',
        t.LocResize: 'scale keep_ratio interpolation backend',
        t.LocRandomCrop: 'crop_size padding pad_if_needed',
        t.LocRandomFlip: 'prob direction',
        m.LocalizationMetric: 'thresholds threshold rule iou_thr strict '
        'align_corners top5_star star_thresholds error_split',
        m.MaxBoxAcc: 'multi_iou multi_contour iou_thrs interval threshold',
        hooks.LossCheckHook: 'limit patience',
        necks.SPGNeck: 'in_channels a3_channels b_channels c_channels dropout',
        heads.SPGHead: 'num_classes in_channels guidance_size',
    }

    @st.composite
    def settings_of(draw):
        cls = draw(st.sampled_from(list(settable)))
        names = st.sampled_from(settable[cls].split())
        of_model = cls.__module__.startswith('mmspg.models')
        values = widths if of_model else odd
        kwargs = draw(st.dictionaries(names, values, max_size=2))
        if cls is SyntheticLoc:
            kwargs.setdefault('num_images', 3)
        return cls, kwargs

    def build(case, _):
        cls, kwargs = case
        if kwargs.get('num_images', 0) and cls is SyntheticLoc:
            kwargs['lazy_init'] = True
        return cls(**kwargs)

    errors = (ValueError, TypeError, KeyError, FileNotFoundError)
    errors += (AssertionError, RuntimeError)  # mmcv's and torch's
    yield 'settings of classes', Target(settings_of(), build, errors, False)


GROUPS = (
    annotation_targets,
    prediction_targets,
    image_targets,
    checkpoint_targets,
    score_map_targets,
    config_targets,
)


# -- the campaign ------------------------------------------------------------


class Hang(BaseException):
    """An input that takes too long; nobody's ``except Exception`` eats it."""


class Tally:
    """What came of the inputs of one target."""

    def __init__(self, name, target, folder):
        self.name = name
        self.target = target
        self.folder = folder
        self.count = Counter()
        self.refusals = Counter()
        self.slowest = 0.0
        self.problems = []

    def attempt(self, content):
        """Give one input to the reader."""
        self.count['inputs'] += 1
        start = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, LIMIT)
        try:
            self.target.read(content, self.folder)
            self.count['taken'] += 1
        except self.target.errors as error:
            self.count['refused'] += 1
            self.refusals[type(error).__name__] += 1
            if self.target.names_file and not self._names(error):
                self._problem(content, f'names no file: {error!r:.300}')
        except (Exception, Hang) as error:
            self._problem(content, f'{error!r:.300}')
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        self.slowest = max(self.slowest, time.perf_counter() - start)

    def _names(self, error):
        text = str(error)
        return str(self.folder) in text or 'named.jpg' in text

    def _problem(self, content, what):
        self.count['problems'] += 1
        if len(self.problems) < KEEP:
            self.problems.append(dict(what=what, input=repr(content)[:2000]))

    def summary(self):
        """Numbers, for JSON."""
        return dict(
            **{
                key: self.count[key]
                for key in ('inputs', 'taken', 'refused', 'problems')
            },
            errors=dict(self.refusals),
            slowest_seconds=round(self.slowest, 3),
            kept=self.problems,
        )


def _hang(*_):
    raise Hang(f'over {LIMIT} s')


def campaign(target, name, number, start):
    """Give a number of inputs to a target.

    Args:
        target (Target): What reads.
        name (str): Its name.
        number (int): How many inputs.
        start (int): The seed.

    Returns:
        Tally: What came of them.
    """
    folder = Path(tempfile.mkdtemp(prefix='fuzz-'))
    tally = Tally(name, target, folder)
    old = signal.signal(signal.SIGALRM, _hang)
    try:

        @seed(start)
        @settings(
            max_examples=number,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(target.strategy)
        def each(content):
            tally.attempt(content)

        each()
    finally:
        signal.signal(signal.SIGALRM, old)
        shutil.rmtree(folder)
    return tally


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--number', type=int, default=100_000, help='inputs in all'
    )
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--only', help='targets whose name contains this')
    parser.add_argument('--out', type=Path, help='write the counts as JSON')
    parser.add_argument(
        '--memory',
        type=int,
        default=4,
        metavar='GIB',
        help='that the process may take beyond its start',
    )
    return parser.parse_args()


def quiet():
    """Keep libraries from printing a line an input."""
    import torch

    warnings.simplefilter('ignore')
    logging.disable(logging.CRITICAL)
    torch.set_num_threads(1)


def main():
    args = parse_args()
    import mmspg.datasets  # noqa: F401  registers, and imports torch

    quiet()
    targets = dict(item for group in GROUPS for item in group())
    if args.only:
        targets = {n: t for n, t in targets.items() if args.only in n}
    if not targets:
        sys.exit(f'fuzz.py: no target has {args.only!r} in its name.')
    pages = int(Path('/proc/self/statm').read_text().split()[0])
    limit = pages * resource.getpagesize() + args.memory * 2**30
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    each = -(-args.number // len(targets))
    found, begin = {}, time.time()
    for name, target in targets.items():
        tally = campaign(target, name, each, args.seed)
        found[name] = tally.summary()
        shown = {k: v for k, v in found[name].items() if k != 'kept'}
        print(f'{name}: {shown}', flush=True)
        for problem in tally.problems:
            print('   ', problem, flush=True)
    total = {
        key: sum(part[key] for part in found.values())
        for key in ('inputs', 'taken', 'refused', 'problems')
    }
    total['seconds'] = round(time.time() - begin)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    total['peak_growth_mib'] = (peak - before) // 1024
    print(total)
    if args.out:
        args.out.write_text(
            json.dumps(dict(total=total, targets=found), indent=2) + '\n'
        )
    sys.exit(bool(total['problems']))


if __name__ == '__main__':
    main()
