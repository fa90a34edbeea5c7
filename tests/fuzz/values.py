"""Odd values inside containers that are valid: what a reader makes of them."""

import copy
import io
import json
import zlib
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import torch
from hypothesis import strategies as st
from mmengine.config import Config
from mmengine.logging import HistoryBuffer, MessageHub
from noise import NAME, Target
from PIL import Image

from mmspg.apis.inputs import list_inputs, load_inputs
from mmspg.datasets import CUBLoc, ImageNetLoc, WSOLMetadata
from mmspg.datasets.annotations.coco import read_coco
from mmspg.datasets.annotations.voc import read_voc_xml
from mmspg.datasets.images.reading import UnreadableImageError, decode_copy
from mmspg.datasets.images.walk import walk
from mmspg.datasets.photographs.boxes import find_boxes
from mmspg.evaluation.choices import read_choice
from mmspg.evaluation.metrics.class_predictions import ClassPredictions
from mmspg.evaluation.protocol import protocol_of, use_stored_choice
from mmspg.evaluation.wsol.masks import read_mask
from mmspg.evaluation.wsol.score_map_files import read_on_grid
from mmspg.evaluation.wsol.split import read_split
from mmspg.utils.carried_config import carried_config, follow_checkpoint
from mmspg.utils.checkpoint import read_checkpoint
from mmspg.utils.start import check_start

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = st.one_of(
    st.sampled_from([0, -1, 1, 2, 7, 2**31, -(2**63), 10**30]),
    st.sampled_from([0.5, -0.0, 1e-300, 1e300, float('nan'), float('inf')]),
    st.integers(-3, 300),
    st.floats(),
)
TEXTS = st.sampled_from(['', ' ', '0', '-1', 'nan', '1e400', 'a\0b', '../x'])
ODD = st.one_of(
    *(st.none(), st.booleans(), NUMBERS, TEXTS, st.text(max_size=4)),
    st.sampled_from([[], {}, [[]], [None], {'a': 1}, [1, 2, 3], 'a' * 5000]),
)


def paths(tree, path=()):
    """The places of all values in a tree of dicts and lists."""
    items = []
    if isinstance(tree, dict):
        items = tree.items()
    elif isinstance(tree, list):
        items = enumerate(tree)
    for key, value in items:
        yield (*path, key)
        yield from paths(value, (*path, key))


@st.composite
def altered(draw, tree, odd=ODD):
    """A tree of which a few values are others, gone, or there twice."""
    tree = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, 3))):
        places = list(paths(tree))
        if not places:
            break
        *way, last = draw(st.sampled_from(places))
        node = tree
        for key in way:
            node = node[key]
        what = draw(st.sampled_from(['set', 'set', 'set', 'drop', 'repeat']))
        if what == 'set':
            node[last] = copy.deepcopy(draw(odd))
        elif what == 'drop':
            del node[last]
        elif isinstance(node, list):
            node.insert(last, copy.deepcopy(node[last]))
        else:
            node[draw(TEXTS)] = copy.deepcopy(node[last])
    return tree


def target(tree, write, read, odd=ODD, errors=(ValueError, FileNotFoundError)):
    """Alter a tree, write it into a folder, and read what was written."""

    def write_and_read(content, folder):
        try:
            write(content, folder)
        except Exception:  # no file can have such values
            return None
        return read(folder)

    return Target(altered(tree, odd), write_and_read, errors)


def as_json(name):
    def write(content, folder):
        (folder / name).write_text(json.dumps(content))

    return write


def as_lines(between):
    """A tree {file: rows of fields} as text files."""

    def write(tables, folder):
        for name, rows in tables.items():
            if not isinstance(rows, list):
                rows = [rows]
            path = folder / str(name).replace('\0', '0').replace('..', 'x')
            path.parent.mkdir(parents=True, exist_ok=True)
            lines = [
                between.join(map(str, row)) if isinstance(row, list) else row
                for row in rows
            ]
            text = ''.join(f'{line}\n' for line in lines)
            path.write_bytes(text.encode('utf-8', 'surrogatepass'))

    return write


# -- annotations -------------------------------------------------------------

COCO = dict(
    images=[
        dict(id=1, file_name='a/x.jpg', width=40, height=30),
        dict(id=2, file_name='b/y.jpg', width=50, height=60),
    ],
    categories=[dict(id=1, name='a'), dict(id=2, name='b')],
    annotations=[
        dict(id=1, image_id=1, category_id=1, bbox=[1, 2, 20, 20], iscrowd=0),
        dict(id=2, image_id=2, category_id=2, bbox=[5.5, 2, 30, 40]),
    ],
)
VOC = {
    'annotation': {
        'filename': 'x',
        'size': {'width': '40', 'height': '30', 'depth': '3'},
        'object': {
            'name': 'a',
            'bndbox': dict(xmin='1', ymin='2', xmax='20', ymax='21'),
        },
    }
}
YOLO = {'a/x.txt': [[0, 0.5, 0.5, 0.2, 0.3]], 'classes.txt': [['a'], ['b']]}
CUB = {
    'images.txt': [[1, 'a/x.jpg'], [2, 'b/y.jpg']],
    'image_class_labels.txt': [[1, 1], [2, 2]],
    'train_test_split.txt': [[1, 1], [2, 0]],
    'bounding_boxes.txt': [[1, 1.0, 2.0, 3.0, 4.0], [2, 0, 0, 5, 5]],
    'classes.txt': [[1, 'a'], [2, 'b']],
}
WSOL = {
    'val/image_ids.txt': [['a/x.jpg'], ['b/y.jpg']],
    'val/class_labels.txt': [['a/x.jpg', 0], ['b/y.jpg', 1]],
    'val/image_sizes.txt': [['a/x.jpg', 20, 10], ['b/y.jpg', 30, 30]],
    'val/localization.txt': [
        ['a/x.jpg', 1, 1, 9, 9],
        ['b/y.jpg', 0, 0, 29, 29],
    ],
}
MASKED = WSOL | {
    'val/localization.txt': [
        ['a/x.jpg', 'm.png', 'i.png'],
        ['b/y.jpg', 'n.png', ''],
    ]
}
KAGGLE = {
    'LOC_val_solution.csv': [
        ['ImageId', 'PredictionString'],
        ['x', 'n01 1 2 20 25'],
        ['y', 'n02 5 6 40 50'],
    ],
    'LOC_synset_mapping.txt': [['n01 tench'], ['n02 ray']],
}
QUICK = dict(pipeline=[], serialize_data=False)


def element(tag, content):
    """An XML element of a tree of dicts."""
    node = ElementTree.Element(tag)
    if isinstance(content, dict):
        node.extend(element(key, value) for key, value in content.items())
    elif isinstance(content, list):
        node.extend(element(tag, value) for value in content)
    else:
        node.text = str(content)
    return node


def as_xml(content, folder):
    root = element('annotation', content.get('annotation', content))
    try:
        text = ElementTree.tostring(root, 'unicode')
    except Exception:  # a name or text that no XML can have
        text = '<annotation/>'
    (folder / 'a.xml').write_bytes(text.encode('utf-8', 'surrogatepass'))


def with_photographs(write):
    """Write photographs beside the annotations."""

    def both(content, folder):
        for name in ('a/x.jpg', 'b/y.jpg'):
            path = folder / name
            if not path.exists():
                path.parent.mkdir(exist_ok=True)
                Image.new('RGB', (40, 30)).save(path)
        write(content, folder)

    return both


def read_photographs(folder):
    return find_boxes(walk(str(folder)), {'a/x.jpg': 'a', 'b/y.jpg': 'b'})


def read_wsol(folder):
    return WSOLMetadata(
        str(folder), str(folder), 'val', test_mode=True, **QUICK
    )


ANNOTATIONS = {
    'COCO values': target(
        COCO, as_json('c.json'), lambda f: read_coco(str(f / 'c.json'))
    ),
    'VOC values': target(
        VOC, as_xml, lambda f: read_voc_xml(str(f / 'a.xml'))
    ),
    'photographs, COCO values': target(
        COCO, with_photographs(as_json('c.json')), read_photographs
    ),
    'photographs, YOLO values': target(
        YOLO, with_photographs(as_lines(' ')), read_photographs
    ),
    'CUB values': target(
        CUB, as_lines(' '), lambda f: CUBLoc(str(f), 'train', **QUICK)
    ),
    'metadata values': target(WSOL, as_lines(','), read_wsol),
    'metadata values, masks': target(MASKED, as_lines(','), read_wsol),
    'metadata values, evaluator': target(
        WSOL, as_lines(','), lambda f: read_split(f / 'val')
    ),
    'metadata values, evaluator, masks': target(
        MASKED, as_lines(','), lambda f: read_split(f / 'val', str(f))
    ),
    'Kaggle values': target(
        KAGGLE,
        as_lines(','),
        lambda f: ImageNetLoc(str(f), 'val', lazy_init=False, **QUICK),
    ),
}

# -- predictions and thresholds ----------------------------------------------

TABLE = {
    'a.jpg': {'labels': [1, 2], 'scores': [0.5, 1]},
    'b.jpg': {'labels': [0], 'scores': [1]},
}
ROWS = {'p.csv': [['image', 'label', 'score'], ['a.jpg', 1, 0.5, 2, 0.2]]}
CHOICE = dict(
    threshold=0.2,
    threshold_tight=0.5,
    threshold_loose=0.1,
    kind='chosen',
    chosen_on='Birds val, 6 images',
    figure='gt_known_acc',
    value=50.0,
    rule='largest_area',
    align_corners=False,
    map_source='attention',
    input_size=56,
    weights='0' * 64,
)
PREDICTIONS = {
    'predictions JSON, values': target(
        TABLE, as_json('p.json'), lambda f: ClassPredictions(f / 'p.json')
    ),
    'predictions CSV, values': target(
        ROWS, as_lines(','), lambda f: ClassPredictions(f / 'p.csv')
    ),
    'stored threshold, values': target(
        CHOICE, as_json('t.json'), lambda f: read_choice(f / 't.json')
    ),
}

# -- arrays and checkpoints --------------------------------------------------

DTYPES = ['u1', 'u2', 'i8', 'f2', 'f4', 'f8', '?', 'U3', 'c8', 'M8[s]']
SHAPES = [(), (0,), (1,), (2,), (3,), (1, 0, 3), (1, 3, 3), (2, 4), (3, 3)]
ODD_ARRAYS = st.builds(
    lambda dtype, shape, value: np.full(shape, value, dtype=dtype),
    st.sampled_from(DTYPES),
    st.sampled_from([*SHAPES, (224, 224), (1, 9, 9), (1, 2, 3, 4)]),
    st.sampled_from([0, 1]),
) | st.sampled_from(
    [
        np.array(float('nan')),
        np.full((3, 3), np.inf),
        np.full((3, 3), 1e300),
        np.full((224, 224), -1.0),
        np.full((2,), 2**31),
    ]
)
MAPS = dict(
    levels=np.arange(9, dtype=np.uint16).reshape(1, 3, 3) * 999,
    low=np.zeros(1, np.float32),
    high=np.ones(1, np.float32),
    labels=np.zeros(1, np.int32),
    gt_label=np.array(0),
    ori_shape=np.array([30, 40]),
    img_shape=np.array([20, 20]),
    homography=np.diag([0.5, 0.6, 1.0]),
)


def as_arrays(save, name):
    def write(content, folder):
        content = {
            str(key).replace('\0', '0').replace('/', '') or 'x': value
            for key, value in content.items()
        }
        content.pop('file', None)
        save(folder / name, content)

    return write


def save_npz(path, arrays):
    np.savez_compressed(path, **arrays)


def save_npy(path, arrays):
    np.save(path, arrays.get('map', np.zeros(1)))


MODEL = torch.nn.Linear(3, 2)
CONFIG = Config.fromfile(ROOT / 'configs' / 'spg_tiny_synthetic.py')
HUB = MessageHub('fuzz')
HUB.update_scalar('loss', 1.0)
HUB.update_info('best_score', 5.0)
CHECKPOINT = dict(
    meta=dict(
        epoch=1,
        iter=3,
        seed=0,
        cfg=CONFIG.pretty_text,
        dataset_meta=dict(classes=['a', 'b', 'c', 'd']),
        localization=CHOICE,
        run=dict(processes=1, iterations_an_epoch=3, validated=True),
    ),
    state_dict=dict(MODEL.state_dict()),
    message_hub=dict(
        log_scalars={'loss': HistoryBuffer([1.0], [1])},
        runtime_info=dict(best_score=5.0),
        resumed_keys=dict(loss=True, best_score=True),
    ),
    optimizer=dict(
        state={0: dict(momentum_buffer=torch.zeros(2, 3))},
        param_groups=[dict(lr=0.1, params=[0, 1])],
    ),
    param_schedulers=[dict(last_step=1)],
)
ODD_TENSORS = ODD | st.sampled_from(
    [
        torch.zeros(1).expand(10**6, 10**4),
        torch.zeros(3, 3).to_sparse(),
        torch.zeros(0),
        torch.zeros(2, 3, dtype=torch.complex64),
        torch.zeros(2, 3, dtype=torch.int8),
    ]
)


def as_checkpoint(content, folder):
    torch.save(content, folder / 'c.pth')


def use_checkpoint(folder):
    """All that is read of it before a model is built."""
    path = str(folder / 'c.pth')
    content = read_checkpoint(path)
    carried = carried_config(content, path)
    follow_checkpoint(carried, content)
    protocol_of(carried, path, content)
    use_stored_choice(carried, path, content)


def resume(folder):
    cfg = copy.deepcopy(CONFIG)
    cfg.work_dir, cfg.resume = str(folder), True
    cfg.load_from = str(folder / 'c.pth')
    check_start(cfg)


def as_config(tree, folder):
    """A checkpoint that carries a config of these values."""
    text = '\n'.join(
        f'{key or "x"} = {value!r}' for key, value in tree.items()
    )
    as_checkpoint(dict(meta=dict(cfg=text), state_dict={}), folder)


def plain(node):
    """A config as dicts and lists."""
    if isinstance(node, dict):
        return {key: plain(value) for key, value in node.items()}
    if isinstance(node, (list, tuple)):
        return [plain(value) for value in node]
    return node


def as_safetensors(content, folder):
    """The file, whatever the header says: written by hand."""
    header = json.dumps(content['header']).encode()
    length = content.get('length')
    if not isinstance(length, int) or not 0 <= length < 2**64:
        length = len(header)
    data = length.to_bytes(8, 'little') + header + bytes(32)
    (folder / 'c.safetensors').write_bytes(data)


SAFETENSORS = dict(
    header={
        'weight': dict(dtype='F32', shape=[2, 3], data_offsets=[0, 24]),
        'bias': dict(dtype='F32', shape=[2], data_offsets=[24, 32]),
        '__metadata__': dict(format='pt'),
    },
    length=None,
)


def read_safetensors(folder):
    import runpy

    global _converter
    if _converter is None:
        path = ROOT / 'tools/model_converters/convert_checkpoint.py'
        _converter = runpy.run_path(str(path))['read']
    return _converter(folder / 'c.safetensors')


_converter = None
ARRAYS = {
    'score maps .npz, values': target(
        MAPS,
        as_arrays(save_npz, 'a.jpg.npz'),
        lambda f: read_on_grid(f, 'a.jpg'),
        ODD_ARRAYS,
    ),
    'score maps .npy, values': target(
        dict(map=np.zeros((224, 224), np.float32)),
        as_arrays(save_npy, 'a.jpg.npy'),
        lambda f: read_on_grid(f, 'a.jpg'),
        ODD_ARRAYS,
    ),
    'checkpoint, values': target(
        CHECKPOINT, as_checkpoint, use_checkpoint, ODD_TENSORS
    ),
    'checkpoint to resume, values': target(
        CHECKPOINT, as_checkpoint, resume, ODD_TENSORS
    ),
    'carried config, values': target(
        plain(CONFIG.to_dict()), as_config, use_checkpoint
    ),
    'safetensors, values': target(
        SAFETENSORS, as_safetensors, read_safetensors, errors=(SystemExit,)
    ),
}

# -- images ------------------------------------------------------------------


def chunks(png):
    at, found = 8, []
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], 'big')
        found.append([png[at + 4 : at + 8], png[at + 8 : at + 8 + length]])
        at += 12 + length
    return found


def encoded(kind, mode='RGB', **settings):
    file = io.BytesIO()
    pixels = np.arange(24 * 20 * 3, dtype=np.uint8).reshape(24, 20, 3)
    Image.fromarray(pixels).convert(mode).save(file, kind, **settings)
    return file.getvalue()


@st.composite
def pngs(draw):
    """A PNG whose chunks hold other bytes under right checksums."""
    parts = chunks(encoded('PNG', draw(st.sampled_from(['RGB', 'P', 'LA']))))
    for _ in range(draw(st.integers(1, 3))):
        part = draw(st.sampled_from(parts))
        at = draw(st.integers(0, max(len(part[1]) - 1, 0)))
        new = draw(st.binary(max_size=4))
        raw = part[1]
        if part[0] == b'IDAT' and draw(st.booleans()):
            try:
                raw = zlib.decompress(raw)
            except zlib.error:
                raw = b''
            at = draw(st.integers(0, len(raw)))
            raw = zlib.compress(raw[:at] + new)
        else:
            raw = raw[:at] + new + raw[at + draw(st.integers(0, 4)) :]
        part[1] = raw
        if draw(st.integers(0, 5)) == 0:
            parts.insert(draw(st.integers(0, len(parts))), list(part))
    out = b'\x89PNG\r\n\x1a\n'
    for name, body in parts:
        check = zlib.crc32(name + body).to_bytes(4, 'big')
        out += len(body).to_bytes(4, 'big') + name + body + check
    return out


@st.composite
def jpegs(draw):
    """A JPEG whose segments are others, repeated, moved or cut."""
    settings = draw(st.sampled_from([{}, dict(progressive=True)]))
    exif = Image.Exif()
    exif[0x0112] = draw(st.integers(0, 9))
    content = encoded('JPEG', exif=exif, comment=b'x' * 9, **settings)
    marks = [i for i in range(len(content) - 1) if content[i] == 0xFF]
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.sampled_from(marks))
        end = draw(st.sampled_from([m for m in marks if m >= start]))
        times = draw(st.sampled_from([0, 1, 2, 2, 50, 500]))
        new = draw(st.binary(max_size=3))
        content = content[:start] + content[start:end] * times + content[end:]
        content = content[: start + 2] + new + content[start + 2 + len(new) :]
        content = content[: 10**6]
    return content


def read_bytes(content, _):
    return decode_copy(content, NAME, 'apply')


def read_as_mask(content, folder):
    (folder / 'm.png').write_bytes(content)
    return read_mask([folder / 'm.png'])


INPUTS = st.tuples(
    st.sampled_from(['', 'file://', 'file:', 'file:/', 'file://host']),
    st.lists(
        st.sampled_from([*'abc/\0:?#%~', 'file://', '.jpg', '%00', '\\'])
        | st.text(max_size=3),
        max_size=6,
    ).map(''.join),
)


def load(case, folder):
    """An input of the inferencer, in the folder."""
    scheme, name = case
    (folder / 'a').mkdir(exist_ok=True)
    (folder / 'a' / 'b.jpg').write_bytes(encoded('JPEG'))
    items, root = list_inputs(f'{scheme}{folder}/{name.replace("..", "")}')
    for (_, error), _ in zip(load_inputs(items, root), range(3), strict=False):
        if error:
            raise error


IMAGES = {
    'PNG, values': Target(pngs(), read_bytes, (UnreadableImageError,)),
    'JPEG, values': Target(jpegs(), read_bytes, (UnreadableImageError,)),
    'mask, values': Target(pngs(), read_as_mask),
    'inputs': Target(INPUTS, load, (OSError, ValueError), False),
}

TARGETS = ANNOTATIONS | PREDICTIONS | ARRAYS | IMAGES
