"""Written sets are read by the programs that they are written for."""

import json
import os
from collections import Counter
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
import yaml
from PIL import Image
from simulated import CLASSES, Finder, boxes_in, make_images
from torchvision.datasets import VOCDetection

from mmspg.labeling.formats import FORMATS
from mmspg.labeling.label_set import LabelSet, write
from mmspg.labeling.store import Store
from mmspg.labeling.walk import label_images, list_folder

NAMES = ['Blaumeise, groß', 'crane (1)', 'zwei Wörter', 'crane (3)', "o'<b>&"]
# Of ultralytics' data loader.
SUFFIXES = 'bmp dng jpeg jpg mpo png tif tiff webp pfm heic'.split()
COUNTS = [300, pytest.param(10_000, marks=pytest.mark.slow)]


@pytest.fixture(scope='module', params=COUNTS)
def written(tmp_path_factory, request):
    """All formats of many images, and what is expected of each image.

    ``{split: {stem: (size, [(class, x0, y0, x1, y1)])}}``, continuous.
    """
    root = tmp_path_factory.mktemp('set')
    images = root / 'photos'
    folders = ['train/eins', 'train/zwei', 'val/eins', 'test/zwei']
    make_images(images, request.param, folders)
    store = Store(root / 'out', str(images))
    list_folder(store, CLASSES)
    for _ in label_images(store, Finder(images)):
        pass
    label_set = LabelSet(store, CLASSES)
    for name, write_format in FORMATS.items():
        write(label_set, root / 'out' / name, write_format)
    expected = {}
    for path in images.glob('*/*/*'):
        name = path.relative_to(images).as_posix()
        with Image.open(path) as image:
            size = image.size
        boxes = [
            (NAMES[label], x0, y0, x1 + 1, y1 + 1)
            for label, _, (x0, y0, x1, y1) in boxes_in(name, size)
        ]
        stem = os.path.splitext(name.replace('/', '+'))[0]
        split = expected.setdefault(name.split('/')[0], {})
        split[stem] = size, sorted(boxes)
    assert sum(map(len, expected.values())) == request.param
    yield root / 'out', expected
    store.close()


def in_order(boxes):
    return sorted((name, *map(round, box)) for name, *box in boxes)


def assert_same(found, expected, within=1.0):
    """Compare ``{stem: boxes}`` with those of a split."""
    assert found.keys() == expected.keys()
    for stem, boxes in found.items():
        assert in_order(boxes) == expected[stem][1], stem
        for _, *box in boxes:
            assert box == pytest.approx([round(c) for c in box], abs=within)


def test_pycocotools(written):
    coco = pytest.importorskip('pycocotools.coco')
    out, expected = written
    ids, rows = Counter(), Counter()
    for split, images in expected.items():
        path = out / 'coco' / 'annotations' / f'{split}.json'
        api = coco.COCO(str(path))
        found = {}
        for info in api.loadImgs(api.getImgIds()):
            file = out / 'coco' / split / info['file_name']
            assert file.is_file()
            size, _ = images[file.stem]
            assert (info['width'], info['height']) == size
            found[file.stem] = []
            for row in api.loadAnns(api.getAnnIds(info['id'])):
                x, y, w, h = row['bbox']
                name = api.cats[row['category_id']]['name']
                found[file.stem].append((name, x, y, x + w, y + h))
                assert 0 <= row['score'] <= 1
                assert row['area'] == w * h
        assert_same(found, images, within=0)
        assert [c['name'] for c in api.dataset['categories']] == NAMES
        ids.update(api.getImgIds())
        rows.update(api.getAnnIds())
        results = api.loadRes(api.loadAnns(api.getAnnIds()))
        assert results.getAnnIds()
    assert set(ids.values()) == set(rows.values()) == {1}


def read_like_ultralytics(folder):
    """Read a set by the rules of ultralytics' data loader."""
    text = (folder / 'data.yaml').read_text(encoding='utf-8')
    data = yaml.safe_load(text)
    names, root = data['names'], Path(data['path'])
    assert list(names) == list(range(len(names)))
    splits = {}
    for split in ('train', 'val', 'test'):
        found = splits[split] = {}
        for file in (root / data[split]).rglob('*.*'):
            assert file.suffix[1:].lower() in SUFFIXES
            before, after = str(file).rsplit('/images/', 1)
            label = f'{before}/labels/{after}'.rsplit('.', 1)[0] + '.txt'
            with Image.open(file) as image:
                width, height = image.size
            rows = [line.split() for line in open(label)]
            assert len(set(map(tuple, rows))) == len(rows)
            found[file.stem] = []
            for number, *box in rows:
                x, y, w, h = map(float, box)
                assert all(0 <= side <= 1 for side in (x, y, w, h))
                found[file.stem].append(
                    (
                        names[int(number)],
                        (x - w / 2) * width,
                        (y - h / 2) * height,
                        (x + w / 2) * width,
                        (y + h / 2) * height,
                    )
                )
    return names, splits


def test_ultralytics(written):
    out, expected = written
    names, splits = read_like_ultralytics(out / 'yolo')
    assert list(names.values()) == NAMES
    assert splits.keys() == expected.keys()
    for split, found in splits.items():
        assert_same(found, expected[split], within=0.01)


def test_torchvision(written):
    out, expected = written
    for split, images in expected.items():
        found = {}
        data = VOCDetection(out / 'voc', '2007', split)
        for path, annotation in zip(
            data.images, data.annotations, strict=True
        ):
            read = data.parse_voc_xml(ElementTree.parse(annotation).getroot())
            read = read['annotation']
            assert read['filename'] == Path(path).name
            size = tuple(int(read['size'][k]) for k in ('width', 'height'))
            assert size == images[Path(path).stem][0]
            found[Path(path).stem] = [
                (
                    item['name'],
                    int(item['bndbox']['xmin']) - 1,
                    int(item['bndbox']['ymin']) - 1,
                    int(item['bndbox']['xmax']),
                    int(item['bndbox']['ymax']),
                )
                for item in read.get('object', [])
            ]
        assert_same(found, images, within=0)
        image, _ = data[0]
        assert image.size == images[Path(data.images[0]).stem][0]
        assert image.format is None or image.format == 'JPEG'


@pytest.mark.parametrize('name', ['coco', 'yolo', 'voc'])
def test_supervision(written, name):
    sv = pytest.importorskip('supervision')
    out, expected = written
    for split in ('val', 'test'):
        if name == 'coco':
            read = sv.DetectionDataset.from_coco(
                str(out / 'coco' / split),
                str(out / 'coco' / 'annotations' / f'{split}.json'),
            )
        elif name == 'yolo':
            read = sv.DetectionDataset.from_yolo(
                str(out / 'yolo' / 'images' / split),
                str(out / 'yolo' / 'labels' / split),
                str(out / 'yolo' / 'data.yaml'),
            )
        else:
            root = out / 'voc' / 'VOCdevkit' / 'VOC2007'
            read = sv.DetectionDataset.from_pascal_voc(
                str(root / 'JPEGImages'), str(root / 'Annotations')
            )
        found = {
            Path(path).stem: [
                (read.classes[label], *map(float, box))
                for box, label in zip(
                    detections.xyxy, detections.class_id, strict=True
                )
            ]
            for path, detections in read.annotations.items()
        }
        if name == 'voc':  # it does not know of splits
            everything = {}
            for images in expected.values():
                everything.update(images)
            assert_same(found, everything, within=0)
            break
        assert_same(found, expected[split], within=0.01)


def read_label_studio(folder, split):
    tasks = json.loads((folder / f'{split}.json').read_text('utf-8'))
    found = {}
    for task in tasks:
        path, _, address = task['data']['image'].partition('?d=')
        assert path == '/data/local-files/'
        file = folder.parent / unquote(address)
        [prediction] = task['predictions']
        found[file.stem] = []
        with Image.open(file) as image:
            width, height = image.size
        for item in prediction['result']:
            size = item['original_width'], item['original_height']
            assert size == (width, height)
            value = item['value']
            x, y = value['x'] * width / 100, value['y'] * height / 100
            w, h = value['width'] * width, value['height'] * height
            [name] = value['rectanglelabels']
            found[file.stem].append((name, x, y, x + w / 100, y + h / 100))
    return tasks, found


def test_label_studio(written):
    out, expected = written
    for split, images in expected.items():
        _, found = read_label_studio(out / 'labelstudio', split)
        assert_same(found, images, within=0.001)
    config = ElementTree.parse(out / 'labelstudio' / 'config.xml')
    labels = [label.get('value') for label in config.iter('Label')]
    assert labels == NAMES


def test_label_studios_own_validator(written):
    """Its package brings another OpenCV, so it is seldom beside mmspg."""
    sdk = pytest.importorskip('label_studio_sdk.label_interface')
    out, _ = written
    tasks, _ = read_label_studio(out / 'labelstudio', 'val')
    config = (out / 'labelstudio' / 'config.xml').read_text('utf-8')
    interface = sdk.LabelInterface(config)
    for task in tasks:
        # Given predictions, it calls its own check of them wrongly.
        assert interface.validate_task(dict(data=task['data']))
        [prediction] = task['predictions']
        assert not interface.validate_prediction(
            prediction, return_errors=True
        )


def test_cvat(written):
    out, expected = written
    for split, images in expected.items():
        root = ElementTree.parse(out / 'cvat' / f'{split}.xml').getroot()
        labels = [item.text for item in root.findall('.//label/name')]
        assert labels == NAMES
        found = {}
        for image in root.iter('image'):
            file = out / 'cvat' / 'images' / split / image.get('name')
            assert file.is_file()
            found[file.stem] = [
                (
                    box.get('label'),
                    *(float(box.get(k)) for k in ('xtl', 'ytl', 'xbr', 'ybr')),
                )
                for box in image.iter('box')
            ]
        assert_same(found, images, within=0)
    raw = json.loads((out / 'cvat' / 'labels.json').read_text('utf-8'))
    assert [label['name'] for label in raw] == NAMES
