"""All that reads what others wrote: annotations, predictions, images..."""

import io
import json
import pickle
import zlib
from pathlib import Path

import numpy as np
import torch
import values
from hypothesis import strategies as st
from mmengine.config import Config
from noise import NAME, Target, contents, of_file, of_folder
from PIL import Image

from mmspg.datasets import CUBLoc, SyntheticLoc, WSOLMetadata
from mmspg.datasets import transforms as t
from mmspg.datasets.annotations.formats import (
    read_blacklist,
    read_solution_csv,
    read_synset_mapping,
)
from mmspg.datasets.annotations.voc import read_voc_xml
from mmspg.datasets.images.reading import UnreadableImageError, decode_copy
from mmspg.engine import hooks
from mmspg.evaluation import metrics as m
from mmspg.evaluation.choices import (
    read_choice,
)
from mmspg.evaluation.metrics.class_predictions import ClassPredictions
from mmspg.evaluation.wsol.score_map_files import read_on_grid
from mmspg.models import heads, necks
from mmspg.utils.cfg import merge_options, set_input_size
from mmspg.utils.checkpoint import check_checkpoint

# -- annotations -------------------------------------------------------------

XML = b"""<annotation><filename>a</filename><size><width>20</width>
<height>10</height><depth>3</depth></size><object><name>n01</name>
<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>9</xmax><ymax>8</ymax></bndbox>
</object></annotation>"""
XML_WORDS = [
    b'<?xml version="1.0" encoding="utf-16"?>',
    b'<!DOCTYPE a [<!ENTITY b "bbbbbbbb">]>',
    b'<!DOCTYPE a SYSTEM "file:///etc/passwd">',
    b'&b;&b;&amp;&#0;&#x10ffff;',
    *(b'<annotation>', b'</annotation>', b'<object>', b'</object>'),
    *(b'<bndbox/>', b'<size/>', b'<a>' * 40, b'<a b="c">'),
    *(b'<![CDATA[', b']]>', b'<!--', b'-->', b'<?x?>'),
]
CUB = {
    'images.txt': b'1 a/x.jpg\n2 b/y.jpg\n',
    'image_class_labels.txt': b'1 1\n2 2\n',
    'train_test_split.txt': b'1 1\n2 0\n',
    'bounding_boxes.txt': b'1 1.0 2.0 3.0 4.0\n2 0 0 5 5\n',
    'classes.txt': b'1 a\n2 b\n',
}
WSOL = {
    'val/image_ids.txt': b'a/x.jpg\nb/y,z.jpg\n',
    'val/class_labels.txt': b'a/x.jpg,0\nb/y,z.jpg,1\n',
    'val/image_sizes.txt': b'a/x.jpg,20,10\nb/y,z.jpg,30,30\n',
    'val/localization.txt': b'a/x.jpg,1,1,9,9\nb/y,z.jpg,0,0,29,29\n',
    'class_names.txt': b'one\ntwo\n',
}
MASKS = WSOL | {
    'val/localization.txt': b'a/x.jpg,m.png,i.png\nb/y,z.jpg,n.png,\n'
}
WSOL_WORDS = [b'a/x.jpg,', b'b/y,z.jpg,', b'1,1,9,9', b'm.png,i.png']
# Serializing collects garbage each time.
QUICK = dict(pipeline=[], serialize_data=False)


def read_metadata(folder):
    return WSOLMetadata(folder, folder, 'val', test_mode=True, **QUICK)


ANNOTATIONS = {
    'VOC XML': of_file('a.xml', [XML], XML_WORDS, read_voc_xml),
    'Kaggle solution CSV': of_file(
        'LOC_val_solution.csv',
        [b'ImageId,PredictionString\na,n01 1 2 3 4 \nb,n02 5 6 7 8\n'],
        [b'a,', b'n01 1 2 3 4 ', b'ImageId,PredictionString\n'],
        read_solution_csv,
    ),
    'synset mapping': of_file(
        'map.txt', [b'n01 tench\nn02 ray\n'], (), read_synset_mapping
    ),
    'ILSVRC blacklist': of_file(
        'black.txt', [b'36\n50\n'], (), read_blacklist
    ),
    'CUB text files': of_folder(
        CUB,
        [b'1 ', b'2 ', b'a/x.jpg', b'1.5 '],
        lambda folder: CUBLoc(folder, 'train', **QUICK),
    ),
    'metadata CSV': of_folder(WSOL, WSOL_WORDS, read_metadata),
    'metadata CSV, masks': of_folder(MASKS, WSOL_WORDS, read_metadata),
}

# -- predictions and thresholds ----------------------------------------------


def unpickled(path):
    return ClassPredictions(path, allow_pickle=True)


def pieces(*values):
    """Pickles without their frame."""
    return [pickle.dumps(value, 2)[2:-1] for value in values]


VALUES = st.recursive(
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


def read_json_values(value, folder):
    path = folder / 'values.json'
    path.write_text(json.dumps(value))
    ClassPredictions(path)


def read_pickled_values(value, folder):
    path = folder / 'values.pkl'
    path.write_bytes(pickle.dumps(value))
    unpickled(path)


TABLE = dict.fromkeys(
    ('a.jpg', 'b.jpg'), {'labels': [1, 2], 'scores': [0.5, 1]}
)
SAMPLES = [{'pred_score': [0.5, 0.5], 'img_path': 'a.jpg'}]
PREDICTIONS = {
    'predictions CSV': of_file(
        'p.csv',
        [b'image,label,score\na.jpg,1,.5,2,.25\nb.jpg,0,1\n'],
        [b'a.jpg,', b'1,.5,'],
        ClassPredictions,
    ),
    'predictions JSON': of_file(
        'p.json',
        [json.dumps(TABLE).encode()],
        [b'"labels":', b'"scores":', b'[1, 2]', b'null', b'true', b'}'],
        ClassPredictions,
    ),
    'predictions pickle, on request': of_file(
        'p.pkl',
        [pickle.dumps(SAMPLES, protocol) for protocol in range(6)],
        pieces(1, 'a', None, [1], 1e400),
        unpickled,
    ),
    'predictions JSON of any values': Target(VALUES, read_json_values),
    'predictions pickle of any values': Target(VALUES, read_pickled_values),
    'stored threshold JSON': of_file(
        't.json',
        [b'{"threshold": 0.2, "rule": "cam"}'],
        [b'"threshold":', b'1e999', b'NaN', b'"0.5"'],
        read_choice,
    ),
}

# -- images ------------------------------------------------------------------


def encoded_images():
    """Small images of every format and mode that go together."""
    grid = Image.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3))
    deep = Image.fromarray(np.eye(8, dtype=np.uint16))
    images = [grid.convert(m) for m in ('RGB', 'L', 'P', 'CMYK', 'RGBA')]
    for image in (*images, deep):
        for name in ('JPEG', 'PNG', 'GIF', 'BMP', 'TIFF', 'WEBP', 'PPM'):
            file = io.BytesIO()
            try:
                image.save(file, name)
            except (OSError, ValueError):
                continue
            yield file.getvalue()


@st.composite
def png_headers(draw):
    """A PNG of any claimed size whose checksums are right."""
    side = st.sampled_from([0, 1, 8, 9000, 65536, 2**31 - 1, 2**32 - 1])
    size = b''.join(draw(side).to_bytes(4, 'big') for _ in range(2))
    head = size + bytes(draw(st.tuples(*[st.integers(0, 17)] * 5)))
    data = zlib.compress(draw(st.binary(max_size=40)))
    out = b'\x89PNG\r\n\x1a\n'
    for name, body in ((b'IHDR', head), (b'IDAT', data), (b'IEND', b'')):
        check = zlib.crc32(name + body).to_bytes(4, 'big')
        out += len(body).to_bytes(4, 'big') + name + body + check
    return out


def of_image(strategy):
    def read(content, _):
        return decode_copy(content, NAME, 'apply')[0]

    return Target(strategy, read, (UnreadableImageError,))


IMAGES = {
    'images': of_image(
        contents(
            list(encoded_images()),
            [b'\xff\xd8', b'\xff\xc0', b'IHDR', b'IDAT', b'\x7f\xff\xff\xff'],
        )
    ),
    'images, headers': of_image(png_headers()),
}

# -- checkpoints and score maps ----------------------------------------------

MODEL = torch.nn.Linear(3, 2)


def saved(content, **kwargs):
    file = io.BytesIO()
    torch.save(content, file, **kwargs)
    return file.getvalue()


def read_tensors(content, folder):
    path = folder / 'values.pth'
    torch.save(content, path)
    check_checkpoint(MODEL, str(path))


PLAIN = st.none() | st.integers() | st.text(max_size=3) | st.floats()
VALUE = PLAIN | st.builds(torch.zeros, st.integers(0, 3))
KEYS = st.sampled_from(['weight', 'bias', 'state_dict', 'meta'])
TENSORS = st.dictionaries(KEYS | st.integers(), VALUE, max_size=4)


def read_map(path):
    return read_on_grid(Path(path).parent, 'a.jpg')


def numpy_file(save, *arrays, **named):
    file = io.BytesIO()
    save(file, *arrays, **named)
    return file.getvalue()


NPY = numpy_file(np.save, np.zeros((224, 224), np.float32))
NPZ = numpy_file(
    np.savez_compressed,
    levels=np.zeros((1, 3, 3), np.uint16),
    low=np.zeros(1),
    high=np.ones(1),
    labels=np.zeros(1, np.int32),
    gt_label=0,
)
ARRAYS = {
    'checkpoints': of_file(
        'c.pth',
        [
            saved(content, _use_new_zipfile_serialization=zipped)
            for content in (
                MODEL.state_dict(),
                {'state_dict': MODEL.state_dict()},
            )
            for zipped in (True, False)
        ],
        [
            *pieces(1, 'weight', None, []),
            *(b'PK\x03\x04', b'PK\x05\x06', b'cos\nsystem\n', b'R.'),
        ],
        lambda path: check_checkpoint(MODEL, path),
    ),
    'checkpoints of any values': Target(
        VALUE | TENSORS | st.builds(lambda t: {'state_dict': t}, TENSORS),
        read_tensors,
    ),
    'score maps, .npy': of_file(
        'a.jpg.npy',
        [NPY, NPY[:128].replace(b'224', b'  2')],
        [b"{'descr': '<f4', ", b"'shape': (9, 9)", b'|O', b'\x93NUMPY'],
        read_map,
    ),
    'score maps, .npz': of_file('a.jpg.npz', [NPZ], (), read_map),
}

# -- settings ----------------------------------------------------------------

ODD_VALUES = st.one_of(
    *(st.none(), st.booleans(), st.integers(-3, 300), st.integers()),
    *(st.floats(), st.text(max_size=4)),
    st.sampled_from(['train', 'val', 'oracle', 'cam', 'error', 'replace']),
    st.lists(st.floats() | st.integers(-2, 9), max_size=3),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)
# Of a network: one of 10^9 channels is a wish, and torch refuses it.
WIDTH = st.none() | st.integers(-3, 300) | st.floats() | st.text()
WIDTHS = WIDTH | st.lists(WIDTH, max_size=3)
SETTABLE = {
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
def settings_of_classes(draw):
    cls = draw(st.sampled_from(list(SETTABLE)))
    names = st.sampled_from(SETTABLE[cls].split())
    values = (
        WIDTHS if cls.__module__.startswith('mmspg.models') else ODD_VALUES
    )
    kwargs = draw(st.dictionaries(names, values, max_size=2))
    if cls is SyntheticLoc:
        kwargs = dict(num_images=3) | kwargs
        kwargs['lazy_init'] = bool(kwargs['num_images'])
    return cls, kwargs


WORDS = ['a', 'a.b', 'a.l', '=', '(1,', '[', ']', ',', '1', 'None', '.', '"']
WORDS += ["'", '-', '_delete_', '{', ' ', '0', 'x' * 500]
TEXTS = st.lists(st.sampled_from(WORDS) | st.text(max_size=2), max_size=8).map(
    ''.join
)


def merge(options, _):
    cfg = Config(dict(a=dict(b=1, l=[dict(c=1)]), data_root=''))
    merge_options(cfg, options)


def resize(side, _):
    pipeline = [dict(type='X', scale=(256, 256)), dict(type='Y', crop_size=8)]
    set_input_size(Config(dict(train_pipeline=pipeline)), side)


SETTINGS = {
    '--cfg-options': Target(
        st.lists(TEXTS, max_size=3), merge, (ValueError,), False
    ),
    '--input-size': Target(st.integers(), resize, (ValueError,), False),
    'settings of classes': Target(
        settings_of_classes(),
        lambda case, _: case[0](**case[1]),
        # The last two are mmcv's and torch's.
        (ValueError, TypeError, KeyError, FileNotFoundError)
        + (AssertionError, RuntimeError),
        False,
    ),
}

TARGETS = (
    ANNOTATIONS | PREDICTIONS | IMAGES | ARRAYS | SETTINGS | values.TARGETS
)
