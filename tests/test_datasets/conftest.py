"""Small data trees, written by hand."""

import pytest
from data_trees import picture, voc, write


@pytest.fixture
def cub(tmp_path):
    """CUB of 2 classes and 4 images of 60 x 40; 1 and 3 are training."""
    write(tmp_path / 'classes.txt', '1 001.Albatross\n2 002.Auk\n')
    names = ['001.Albatross/a.jpg', '001.Albatross/b.jpg']
    names += ['002.Auk/c.jpg', '002.Auk/d.jpg']
    for i, name in enumerate(names):
        picture(tmp_path / 'images' / name, seed=i)
    ids = range(1, 5)
    files = {
        'images': [f'{i} {n}' for i, n in zip(ids, names, strict=True)],
        'image_class_labels': ['1 1', '2 1', '3 2', '4 2'],
        'train_test_split': ['1 1', '2 0', '3 1', '4 0'],
        'bounding_boxes': [f'{i} 10.5 5.0 20.0 30.0' for i in ids],
    }
    for name, lines in files.items():
        write(tmp_path / f'{name}.txt', '\n'.join(lines) + '\n')
    return tmp_path


@pytest.fixture
def ilsvrc(tmp_path):
    """CLS-LOC of 2 classes: 3 training and 2 validation images."""
    write(
        tmp_path / 'LOC_synset_mapping.txt',
        'n02 tench, Tinca tinca\nn01 goldfish\n',
    )
    data = tmp_path / 'Data/CLS-LOC'
    for name in ('n01/n01_7', 'n02/n02_3', 'n02/n02_4'):
        picture(data / f'train/{name}.JPEG')
    boxes = {
        1: [('n01', 3, 4, 10, 12)],
        2: [('n02', 0, 0, 59, 39), ('n02', 5, 6, 7, 8)],
    }
    for number, objects in boxes.items():
        name = f'ILSVRC2012_val_{number:08d}'
        picture(data / f'val/{name}.JPEG')
        write(
            tmp_path / f'Annotations/CLS-LOC/val/{name}.xml',
            voc((60, 40), *objects),
        )
    return tmp_path


@pytest.fixture
def wsol(tmp_path):
    """Metadata of two splits over 2 test images and 1 training image."""
    for name in ('a.jpg', 'b.jpg', 'c.jpg'):
        picture(tmp_path / 'images' / name)
    meta = tmp_path / 'meta'
    write(meta / 'train/image_ids.txt', 'c.jpg\n')
    write(meta / 'train/class_labels.txt', 'c.jpg,1\n')
    write(meta / 'train/image_sizes.txt', 'c.jpg,60,40\n')
    write(meta / 'test/image_ids.txt', 'a.jpg\nb.jpg\n')
    write(meta / 'test/class_labels.txt', 'a.jpg,0\nb.jpg,1\n')
    write(meta / 'test/image_sizes.txt', 'a.jpg,60,40\nb.jpg,60,40\n')
    write(
        meta / 'test/localization.txt',
        'a.jpg,1,2,30,20\nb.jpg,0,0,60,40\na.jpg,5,5,9,9\n',
    )
    return tmp_path
