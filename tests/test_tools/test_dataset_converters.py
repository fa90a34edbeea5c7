"""What the converters write, WSOLMetadata reads as the source meant it."""

import json
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmspg.datasets import WSOLMetadata


@pytest.fixture
def convert(root, monkeypatch, capsys):
    """Run a command in this process, which has imported PyTorch."""
    monkeypatch.syspath_prepend(root / 'tools/dataset_converters')

    def run(tool, *arguments, fails=False):
        monkeypatch.setattr(sys, 'argv', [tool, *map(str, arguments)])
        end = None
        try:
            import_module('common').run(import_module(tool).main)
        except SystemExit as error:
            end = error.code
        printed = capsys.readouterr()
        said = f'{printed.out}{printed.err}{end or ""}'
        assert bool(end) is fails, said
        return said

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
    Image.new('RGB', (6, 4)).save(photos / 'loose.jpg')
    meta = tmp_path / 'meta'
    printed = convert('folders_to_metadata', photos, meta)
    assert '1 left out (no image that can be read): cat/broken.jpg' in printed
    assert '1 left out (not in the folder of a class): loose.jpg' in printed
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


def test_as_commands(root, photos, coco, tmp_path):
    for tool, arguments in {
        'folders_to_metadata': (photos, tmp_path / 'm', '--boxes', coco),
        'coco_to_metadata': (coco, tmp_path / 'n', '--split', 'val'),
        'voc_to_metadata': (tmp_path, tmp_path / 'o', '--split', 'val'),
    }.items():
        script = root / f'tools/dataset_converters/{tool}.py'
        done = subprocess.run(
            [sys.executable, str(script), *map(str, arguments)],
            capture_output=True,
            text=True,
        )
        wrong = tool == 'voc_to_metadata'  # no annotation there
        assert bool(done.returncode) is wrong, done.stderr
        assert 'Traceback' not in done.stderr
    assert 'no image to write' in done.stderr


def test_folders_with_boxes(convert, photos, coco, tmp_path):
    """Photographs with boxes are for val, the others for train."""
    meta = tmp_path / 'meta'
    said = convert('folders_to_metadata', photos, meta, '--boxes', coco)
    train, val = (read(meta, s, photos) for s in ('train', 'val'))
    assert len(train) == 8
    # Turned with the photograph: 40 - y1, x0, 40 - y0, x1.
    assert boxes_of(val['cat/a photo, 1.jpg']) == [[18, 1.25, 38, 31.75]]
    assert boxes_of(val['dog/a photo, 2.jpg']) == [[0, 0, 40, 60]]
    assert 'another class than its image and does not count (once)' in said
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
    assert 'without a class): dog/a photo, 3.jpg' in said
    val = read(meta, 'val', photos)
    assert val.keys() == images
    if policy == 'largest':
        assert boxes_of(val['dog/a photo, 2.jpg']) == [[0, 0, 60, 40]]
    else:
        assert '1 left out (of several classes): dog/a photo, 2.jpg' in said


def test_categories_that_are_no_classes(convert, photos, coco, tmp_path):
    """A label tool with one category 'bird' boxes birds of all classes."""
    content = json.loads(coco.read_text())
    content['categories'] = [dict(id=i, name=f'bird {i}') for i in (3, 7)]
    coco.write_text(json.dumps(content))
    said = convert(
        'folders_to_metadata', photos, tmp_path / 'm', '--boxes', coco
    )
    assert "it has ['bird 3', 'bird 7'], and the folders are ['cat'" in said
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
    assert "The classes ['cat'] have no image left to train on" in said
    assert f'all of them have boxes in {coco}' in said
    assert not (tmp_path / 'm').exists()


@pytest.mark.parametrize(
    'size, box, said',
    [
        ((60, 60), [1, 1, 9, 9], 'out of proportion with the image (2 times)'),
        ((60, 40), [0.2, 0.3, 0.5, 0.4], 'not in pixels (3 times)'),
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
    assert "does not have the classes ['cat']" in said


def test_a_split_is_a_folder_of_its_own(convert, coco, tmp_path):
    arguments = 'coco_to_metadata', coco, tmp_path / 'm', '--split', '../x'
    assert "'../x' is not a name for a split" in convert(
        *arguments, fails=True
    )
    assert not (tmp_path / 'x').exists()


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
    assert '1 left out (of several classes): 2.jpg' in said
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


def test_voc_without_its_images(convert, tmp_path):
    voc = tmp_path / 'VOC'
    (voc / 'Annotations').mkdir(parents=True)
    for i in range(3):
        (voc / f'Annotations/{i}.xml').write_text(
            '<annotation><size><width>0</width><height>0</height></size>'
            '<object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin>'
            '<xmax>30</xmax><ymax>40</ymax></bndbox></object></annotation>'
        )
    images(voc, 'JPEGImages/0.jpg')
    (voc / 'JPEGImages/1.jpg').write_text('broken')
    meta = tmp_path / 'meta'
    said = convert('voc_to_metadata', voc, meta, '--split', 'val')
    assert '1 left out (no image that can be read): 1.jpg' in said
    assert f'1 left out (not below {voc}/JPEGImages): 2.jpg' in said
    (sample,) = read(meta, 'val', voc / 'JPEGImages').values()
    assert sample['ann_size'] == (60, 40)
    (voc / 'val.txt').write_text('0.jpg')
    said = convert(
        'voc_to_metadata',
        voc,
        meta,
        '--split=val',
        '--list=val.txt',
        fails=True,
    )
    assert 'val.txt:1: there is no annotation' in said


def test_voc_in_shares(convert, tmp_path):
    (tmp_path / 'Annotations').mkdir()
    (tmp_path / 'Annotations/1.xml').write_text(
        '<annotation><size><width>60</width><height>40</height></size>'
        '<object><name>cat</name><bndbox><xmin>.1</xmin><ymin>.1</ymin>'
        '<xmax>.5</xmax><ymax>.5</ymax></bndbox></object></annotation>'
    )
    arguments = 'voc_to_metadata', tmp_path, tmp_path / 'm', '--split', 'val'
    assert '1.xml:1. Multiply' in convert(*arguments, fails=True)


def images(root, *names):
    for i, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new('RGB', (60, 40), (i, 0, 0)).save(path, 'JPEG')


def ids(meta):
    """``{split: image ids}`` of all splits that are there."""
    return {
        path.parent.name: set(path.read_text().splitlines())
        for path in meta.glob('*/image_ids.txt')
    }


def files_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob('*')
        if path.is_file()
    }


def test_train_val_and_test(convert, photos, tmp_path):
    convert('folders_to_metadata', photos, tmp_path / 'm', '--test', '.4')
    splits = ids(tmp_path / 'm')
    assert {split: len(some) for split, some in splits.items()} == dict(
        train=4, val=2, test=4
    )
    assert len(set.union(*splits.values())) == 10


def test_boxes_for_val_and_test(convert, photos, coco, tmp_path):
    content = json.loads(coco.read_text())
    content['images'].append(
        dict(id=14, file_name='dog/a photo, 0.jpg', width=60, height=40)
    )
    content['annotations'].append(
        dict(id=9, image_id=14, category_id=7, bbox=[1, 1, 20, 20])
    )
    coco.write_text(json.dumps(content))
    arguments = '--boxes', coco, '--test', '.5'
    convert('folders_to_metadata', photos, tmp_path / 'm', *arguments)
    splits = ids(tmp_path / 'm')
    assert len(splits['train']) == 7
    assert splits['val'] | splits['test'] == {
        'cat/a photo, 1.jpg',
        'dog/a photo, 0.jpg',
        'dog/a photo, 2.jpg',
    }
    assert len(splits['test']) == 1  # a class keeps one for val
    read(tmp_path / 'm', 'test', photos)


def test_folders_of_splits(convert, coco, tmp_path):
    root = tmp_path / 'in'
    images(root, 'train/cat/1.jpg', 'train/dog/2', 'val/cat/3', 'val/dog/4')
    convert('folders_to_metadata', root, tmp_path / 'm')
    assert ids(tmp_path / 'm') == dict(
        train={'train/cat/1.jpg', 'train/dog/2'},
        val={'val/cat/3', 'val/dog/4'},
    )
    assert read(tmp_path / 'm', 'val', root)['val/dog/4']['gt_label'] == 1
    # The splits of the metadata would take the places of the images.
    before = files_of(root)
    said = convert('folders_to_metadata', root, root, fails=True)
    assert 'METADATA must be another folder than PHOTOS' in said
    images(tmp_path, 'train/x.jpg')
    said = convert('folders_to_metadata', root, tmp_path, fails=True)
    assert f'{tmp_path / "train"} would be replaced, and has files' in said
    assert files_of(root) == before


def test_names_of_every_kind(convert, tmp_path):
    root = tmp_path / 'in'
    names = {
        'Zoë/a\u202fb.jpg',
        'Zoë/Mu\u0308ller.JPE',
        'Zoë/x,y',
        'cat/1.jpg',
        'cat/1.png',
        'Cat/1.jpg',
    }
    images(root, *names, 'cat/a\nb.jpg', 'cat/a\\b.jpg')
    said = convert('folders_to_metadata', root, tmp_path / 'm', '--val', '0')
    assert ids(tmp_path / 'm') == dict(train=names)
    assert (
        '2 left out (a name that a line of text cannot hold; rename it)'
        in said
    )
    assert "['Cat', 'cat'] differ in capitals only" in said
    train = read(tmp_path / 'm', 'train', root)
    assert train['Zoë/x,y']['gt_label'] == 1
    images(root, 'a\nb/1.jpg')
    said = convert('folders_to_metadata', root, tmp_path / 'n', fails=True)
    assert "'a\\nb' contains a line break" in said


def test_a_second_run_leaves_nothing_of_the_first(convert, photos, tmp_path):
    meta = tmp_path / 'm'
    convert('folders_to_metadata', photos, meta, '--val', '.4', '--test', '.2')
    (meta / '.unfinished/train').mkdir(parents=True)  # of a killed run
    (meta / '.unfinished/train/image_ids.txt').write_text('half a li')
    images(photos, 'ant/1.jpg', 'ant/2.jpg')
    convert('folders_to_metadata', photos, meta, '--val', '0')
    assert ids(meta).keys() == {'train'}
    assert {path.name for path in meta.iterdir()} == {
        'class_names.txt',
        'train',
    }
    names = (meta / 'class_names.txt').read_text()
    assert names == 'ant\ncat\ndog\n'
    assert len(read(meta, 'train', photos)) == 12


@pytest.mark.parametrize('at', range(6))
def test_an_interrupted_run_mixes_nothing(
    root, photos, tmp_path, monkeypatch, at
):
    """Killed at any of its moves, it leaves splits of one run only."""
    monkeypatch.syspath_prepend(root / 'tools/dataset_converters')
    writer = import_module('metadata_writer')

    def photo(name):
        return [writer.Photo(name, 'cat', (6, 4), [])]

    first = {split: photo(f'{split}/1') for split in ('train', 'val', 'test')}
    writer.write_splits(tmp_path / 'm', first, ['cat'], writer.SPLITS)
    moves = []

    def killed(move):
        def run(path, target):
            moves.append(path)
            if len(moves) > at:
                raise KeyboardInterrupt
            return move(path, target)

        return run

    for name in ('rename', 'replace'):
        move = killed(getattr(Path, name))
        monkeypatch.setattr(Path, name, move)
    second = dict(train=photo('2'), val=photo('2'))
    with pytest.raises(KeyboardInterrupt):
        writer.write_splits(tmp_path / 'm', second, ['cat'], writer.SPLITS)
    left = set().union(*ids(tmp_path / 'm').values())
    assert '2' not in left or left == {'2'}
    for path in (tmp_path / 'm').glob('*/'):
        assert len(list(path.iterdir())) == 5


def test_a_target_that_cannot_be_written(convert, photos, tmp_path):
    (tmp_path / 'm').write_text('a file')
    said = convert('folders_to_metadata', photos, tmp_path / 'm', fails=True)
    assert 'Traceback' not in said
    assert str(tmp_path / 'm') in said


def test_file_names_of_coco_by_base_name(convert, photos, coco, tmp_path):
    content = json.loads(coco.read_text())
    names = 'C:\\export\\images\\only here.jpg', 'dog/a photo, 2.jpg'
    (photos / 'cat/a photo, 1.jpg').rename(photos / 'cat/only here.jpg')
    for image, name in zip(content['images'], names, strict=False):
        image['file_name'] = name
    coco.write_text(json.dumps(content))
    convert('folders_to_metadata', photos, tmp_path / 'm', '--boxes', coco)
    val = {'cat/only here.jpg', 'dog/a photo, 2.jpg'}
    assert ids(tmp_path / 'm')['val'] == val
    arguments = '--split', 'val', '--images', photos, '--several', 'largest'
    convert('coco_to_metadata', coco, tmp_path / 'n', *arguments)
    assert ids(tmp_path / 'n') == dict(val=val)
    # With the images their EXIF tag is known: boxes are as people see them.
    found = read(tmp_path / 'n', 'val', photos)['cat/only here.jpg']
    assert boxes_of(found) == [[18, 1.25, 38, 31.75]]


def test_images_of_voc_have_any_suffix(convert, tmp_path):
    annotation = (
        '<annotation><size><width>60</width><height>40</height></size>'
        '<object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin>'
        '<xmax>60</xmax><ymax>40</ymax></bndbox></object></annotation>'
    )
    voc = tmp_path / 'VOC'
    (voc / 'Annotations').mkdir(parents=True)
    for name in 'ab':
        (voc / f'Annotations/{name}.xml').write_text(annotation)
    images(voc / 'JPEGImages', 'a.JPG', 'b.jfif', 'c.jpg', 'c.png')
    convert('voc_to_metadata', voc, tmp_path / 'm', '--split', 'val')
    assert ids(tmp_path / 'm') == dict(val={'a.JPG', 'b.jfif'})
    images(voc / 'JPEGImages', 'a.png')
    said = convert(
        'voc_to_metadata', voc, tmp_path / 'm', '--split', 'val', fails=True
    )
    assert 'a.JPG and a.png have one annotation, a.xml' in said


def test_images_of_another_split_are_told(convert, coco, photos, tmp_path):
    for split in ('train', 'val'):
        arguments = '--split', split, '--several', 'largest'
        said = convert('coco_to_metadata', coco, tmp_path / 'm', *arguments)
    assert '2 images are in val and in train of an earlier run' in said
    convert('coco_to_metadata', coco, tmp_path / 'm', '--split', 'val_2')
    said = convert('folders_to_metadata', photos, tmp_path / 'm')
    assert "also has the split 'val_2' of an earlier run" in said


def test_a_class_without_an_image_to_read(convert, photos, tmp_path):
    images(photos, 'emu/1.jpg')
    path = photos / 'emu/1.jpg'
    path.write_bytes(path.read_bytes()[:40])
    said = convert('folders_to_metadata', photos, tmp_path / 'm', fails=True)
    assert "no image of the classes ['emu'] can be read" in said
    assert not (tmp_path / 'm').exists()


def test_another_list_of_classes_is_refused(convert, coco, tmp_path):
    path = tmp_path / 'classes.txt'
    for names in ('emu\ndog\ncat\n', 'cat\nemu\ndog\n'):
        path.write_text(names)
        said = convert(
            *('coco_to_metadata', coco, tmp_path / 'm', '--split', 'val'),
            *('--classes', path),
            fails=names.startswith('cat'),
        )
    assert 'the same names in another order' in said


def test_a_share_that_gives_no_image_is_told(convert, photos, tmp_path):
    for image in photos.glob('*/[2-9].jpg'):
        image.unlink()
    said = convert('folders_to_metadata', photos, tmp_path / 'm', '--val', 0.1)
    assert 'too few images for a split val' in said


def test_folds_are_told_of(convert, photos, tmp_path):
    folds = tmp_path / 'folds'
    for fold in ('fold1', 'fold2'):
        shutil.copytree(photos, folds / fold)
    said = convert('folders_to_metadata', folds, tmp_path / 'meta')
    assert 'The classes are fold1, fold2, and each has the folders' in said
    said = convert('folders_to_metadata', folds / 'fold1', tmp_path / 'own')
    assert 'each has the folders' not in said
