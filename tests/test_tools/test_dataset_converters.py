"""What the converters write, WSOLMetadata reads as the source meant it."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from mmspg.datasets import WSOLMetadata


@pytest.fixture
def convert(root, tmp_path):
    def run(tool, *arguments, fails=False):
        script = root / f'tools/dataset_converters/{tool}.py'
        done = subprocess.run(
            [sys.executable, str(script), *map(str, arguments)],
            capture_output=True,
            text=True,
        )
        assert bool(done.returncode) is fails, done.stderr
        return done.stderr if fails else done.stdout + done.stderr

    return run


def read(folder, split, data_root):
    dataset = WSOLMetadata(
        data_root=str(data_root), metadata_root=str(folder), split=split
    )
    return {dataset[i]['img_id']: dataset[i] for i in range(len(dataset))}


def boxes_of(sample):
    return sample['ori_gt_bboxes'].tolist()


@pytest.fixture
def photos(tmp_path):
    """Two classes of five photographs; one is stored rotated by EXIF."""
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in ('cat', 'dog'):
        (tmp_path / 'photos' / name).mkdir(parents=True)
        for i in range(5):
            Image.new('RGB', (60, 40)).save(
                tmp_path / f'photos/{name}/a photo, {i}.jpg', exif=exif
            )
    return tmp_path / 'photos'


@pytest.fixture
def coco(tmp_path):
    """Boxes of two photographs, fractions and a crowd among them.

    The sizes are those of the photographs as they are stored.
    """
    content = dict(
        categories=[dict(id=3, name='cat'), dict(id=7, name='dog')],
        images=[
            dict(id=11, file_name='cat/a photo, 1.jpg', width=60, height=40),
            dict(id=12, file_name='dog/a photo, 2.jpg', width=60, height=40),
            dict(id=13, file_name='dog/a photo, 3.jpg', width=60, height=40),
        ],
        annotations=[
            dict(id=1, image_id=11, category_id=3, bbox=[1.25, 2, 30.5, 20]),
            dict(id=2, image_id=12, category_id=7, bbox=[0, 0, 60, 40]),
            dict(id=3, image_id=12, category_id=3, bbox=[5, 5, 1, 1]),
            dict(
                id=4,
                image_id=13,
                category_id=7,
                bbox=[0, 0, 60, 40],
                iscrowd=1,
            ),
        ],
    )
    path = tmp_path / 'annotations.json'
    path.write_text(json.dumps(content))
    return path


def test_folders_alone(convert, photos, tmp_path):
    (photos / 'cat/broken.jpg').write_bytes(b'no image')
    (photos / 'cat/notes.txt').write_text('no image')
    (photos / 'loose.jpg').write_bytes(b'')
    meta = tmp_path / 'meta'
    printed = convert('folders_to_metadata', photos, meta)
    assert 'no image that can be read: 1: cat/broken.jpg' in printed
    assert 'not in the folder of a class: 1: loose.jpg' in printed
    train, val = (read(meta, s, photos) for s in ('train', 'val'))
    assert not train.keys() & val.keys()
    assert len(train) == 8
    assert {s['gt_label'] for s in val.values()} == {0, 1}
    for name, sample in (train | val).items():
        assert sample['gt_label'] == ['cat', 'dog'].index(name.split('/')[0])
        assert sample['ann_size'] == (40, 60)  # as people see it
    assert (meta / 'class_names.txt').read_text() == 'cat\ndog\n'

    convert('folders_to_metadata', photos, tmp_path / 'again')
    assert read(tmp_path / 'again', 'val', photos).keys() == val.keys()


def test_folders_with_boxes(convert, photos, coco, tmp_path):
    """Photographs with boxes are for val, the others for train."""
    meta = tmp_path / 'meta'
    said = convert('folders_to_metadata', photos, meta, '--boxes', coco)
    train, val = (read(meta, s, photos) for s in ('train', 'val'))
    assert len(train) == 8
    # Turned with the photograph: 40 - y1, x0, 40 - y0, x1.
    assert boxes_of(val['cat/a photo, 1.jpg']) == [[18, 1.25, 38, 31.75]]
    assert boxes_of(val['dog/a photo, 2.jpg']) == [[0, 0, 40, 60]]
    assert 'another class than its image, and does not count: 1' in said
    assert 'annotation 3 of dog/a photo, 2.jpg: cat, not dog' in said


def test_boxes_of_absent_photographs(convert, photos, coco, tmp_path):
    (photos / 'cat/a photo, 1.jpg').unlink()
    said = convert(
        'folders_to_metadata',
        photos,
        tmp_path / 'meta',
        '--boxes',
        coco,
        fails=True,
    )
    assert "['cat/a photo, 1.jpg']" in said
    assert 'class/name.jpg' in said


@pytest.mark.parametrize(
    'policy, images',
    [
        ('skip', {'cat/a photo, 1.jpg'}),
        ('largest', {'cat/a photo, 1.jpg', 'dog/a photo, 2.jpg'}),
    ],
)
def test_coco(convert, photos, coco, tmp_path, policy, images):
    meta = tmp_path / 'meta'
    said = convert(
        'coco_to_metadata', coco, meta, '--split', 'val', '--several', policy
    )
    assert 'without a class: 1: dog/a photo, 3.jpg' in said
    val = read(meta, 'val', photos)
    assert val.keys() == images
    if policy == 'largest':
        assert boxes_of(val['dog/a photo, 2.jpg']) == [[0, 0, 60, 40]]
    else:
        assert 'of several classes: 1: dog/a photo, 2.jpg' in said


def test_categories_that_are_no_classes(convert, photos, coco, tmp_path):
    """A label tool with one category 'bird' boxes birds of all classes."""
    content = json.loads(coco.read_text())
    content['categories'] = [dict(id=i, name=f'bird {i}') for i in (3, 7)]
    coco.write_text(json.dumps(content))
    convert('folders_to_metadata', photos, tmp_path / 'm', '--boxes', coco)
    val = read(tmp_path / 'm', 'val', photos)
    assert len(boxes_of(val['dog/a photo, 2.jpg'])) == 2


def test_no_image_left_to_train_on(convert, photos, coco, tmp_path):
    for i in (0, 2, 3, 4):
        (photos / f'cat/a photo, {i}.jpg').unlink()
    said = convert(
        'folders_to_metadata',
        photos,
        tmp_path / 'm',
        '--boxes',
        coco,
        fails=True,
    )
    assert "No image is left to train on of the classes ['cat']" in said
    assert f'all of them have boxes in {coco}' in said
    assert not (tmp_path / 'm').exists()


@pytest.mark.parametrize(
    'size, box, said',
    [
        ((60, 60), [1, 1, 9, 9], 'out of proportion with the image: 2'),
        ((60, 40), [0.2, 0.3, 0.5, 0.4], 'not in pixels: 3'),
        ((60, 40), [90, 3, 50, 40], 'mostly outside its image'),
    ],
)
def test_boxes_that_mean_nothing(
    convert, photos, coco, tmp_path, size, box, said
):
    content = json.loads(coco.read_text())
    for image in content['images']:
        image['width'], image['height'] = size
    for annotation in content['annotations']:
        annotation['bbox'] = box
    coco.write_text(json.dumps(content))
    meta = tmp_path / 'm'
    arguments = 'folders_to_metadata', photos, meta, '--boxes', coco
    assert said in convert(*arguments, fails=True)
    assert not meta.exists()


def test_one_class_is_warned_of(convert, photos, tmp_path):
    shutil.rmtree(photos / 'dog')
    said = convert('folders_to_metadata', photos, tmp_path / 'meta')
    assert 'Add a folder of images without the object' in said


def test_coco_names_the_faulty_annotation(convert, coco, tmp_path):
    content = json.loads(coco.read_text())
    content['annotations'][1]['bbox'][2] = 0
    coco.write_text(json.dumps(content))
    arguments = 'coco_to_metadata', coco, tmp_path, '--split', 'val'
    said = convert(*arguments)
    assert f'{coco}: annotation 2 of dog/a photo, 2.jpg: bbox [0, 0' in said
    assert 'Correct these lines or remove them.' in said


def test_categories_without_images_keep_their_numbers(convert, coco, tmp_path):
    """Two files of the same categories have the same labels."""
    content = json.loads(coco.read_text())
    content['categories'].insert(0, dict(id=1, name='bee'))
    coco.write_text(json.dumps(content))
    convert('coco_to_metadata', coco, tmp_path / 'm', '--split', 'val')
    names = (tmp_path / 'm/class_names.txt').read_text()
    assert names == 'bee\ncat\ndog\n'
    labels = (tmp_path / 'm/val/class_labels.txt').read_text()
    assert labels == 'cat/a photo, 1.jpg,1\n'


def test_one_list_of_classes_for_all_splits(convert, coco, tmp_path):
    path = tmp_path / 'classes.txt'
    path.write_text('emu\ndog\ncat\n')
    arguments = 'coco_to_metadata', coco, '--split', 'val', '--classes', path
    convert(*arguments[:2], tmp_path / 'm', *arguments[2:])
    labels = (tmp_path / 'm/val/class_labels.txt').read_text()
    assert labels == 'cat/a photo, 1.jpg,2\n'
    path.write_text('emu\ndog\n')
    said = convert(*arguments[:2], tmp_path / 'n', *arguments[2:], fails=True)
    assert "has not the classes ['cat']" in said


def test_labels_of_splits_agree(convert, coco, tmp_path):
    """A later split keeps the labels of the first, or is refused."""
    (tmp_path / 'class_names.txt').write_text('dog\ncat\n')
    convert('coco_to_metadata', coco, tmp_path, '--split', 'val')
    assert (tmp_path / 'val/class_labels.txt').read_text().endswith(',1\n')
    (tmp_path / 'class_names.txt').write_text('dog\nfox\n')
    said = convert(
        'coco_to_metadata', coco, tmp_path, '--split', 'val', fails=True
    )
    assert "['cat']" in said


def test_voc(convert, tmp_path):
    voc = tmp_path / 'VOC'
    (voc / 'Annotations').mkdir(parents=True)
    (voc / 'ImageSets/Main').mkdir(parents=True)
    (voc / 'ImageSets/Main/val.txt').write_text('1\n2\n')
    item = (
        '<object><name>{}</name><bndbox><xmin>{}</xmin><ymin>{}</ymin>'
        '<xmax>{}</xmax><ymax>{}</ymax></bndbox></object>'
    )
    for name, objects in {
        '1': [('cat', 1, 2, 10, 20), ('cat', 3, 3, 4, 4)],
        '2': [('cat', 1, 2, 10, 20), ('dog', 3, 3, 40, 40)],
        '3': [('emu', 1, 2, 10, 20)],
    }.items():
        (voc / f'Annotations/{name}.xml').write_text(
            '<annotation><size><width>60</width><height>40</height></size>'
            + ''.join(item.format(*o) for o in objects)
            + '</annotation>'
        )
    meta = tmp_path / 'meta'
    arguments = ('--split', 'val', '--list', 'ImageSets/Main/val.txt')
    said = convert('voc_to_metadata', voc, meta, *arguments)
    assert 'of several classes, or of none: 1: 2' in said
    assert 'Pixels count from 1, as in the devkit of PASCAL VOC.' in said
    val = read(meta, 'val', voc / 'JPEGImages')
    np.testing.assert_array_equal(
        val['1.jpg']['ori_gt_bboxes'], [[0, 1, 10, 20], [2, 2, 4, 4]]
    )
    convert('voc_to_metadata', voc, meta, *arguments, '--origin', 0)
    val = read(meta, 'val', voc / 'JPEGImages')
    np.testing.assert_array_equal(
        val['1.jpg']['ori_gt_bboxes'], [[1, 2, 11, 21], [3, 3, 5, 5]]
    )
