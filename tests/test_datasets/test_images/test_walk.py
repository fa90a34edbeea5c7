"""One walk finds the images of a folder, whatever their names."""

import os
import sys
from pathlib import Path

import pytest
from PIL import Image

from mmspg.datasets.images.class_folders import class_folders
from mmspg.datasets.images.file_formats import FORMATS, format_of, formats
from mmspg.datasets.images.walk import describe, walk

SAVED = dict.fromkeys(FORMATS, {}) | {'TIFF': dict(compression='raw')}


def picture(path, kind='JPEG'):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new('RGB', (9, 7)).save(path, kind, **SAVED.get(kind, {}))


@pytest.mark.parametrize('kind', FORMATS)
def test_images_are_known_by_content(tmp_path, kind):
    for name in ('a.jpg', 'b', 'c.JPE', 'd.jfif', 'e.txt'):
        picture(tmp_path / name, kind)
    found = walk(tmp_path)
    assert found.images == ['a.jpg', 'b', 'c.JPE', 'd.jfif', 'e.txt']
    assert not found.left_out


@pytest.mark.parametrize(
    'head, kind',
    [
        (b'\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'HEIF'),
        (b'\0\0\0\x1cftypavif\0\0\0\0', 'AVIF'),
        (b'\0\0\0\x14ftypqt  \0\0\0\0', 'video'),
        (b'BM is short for bitmap, and this is a text', None),
        (b'P3 is the third point of this list of points', None),
        (b'P6\n# by a scanner\n3 2\n255\n', 'PPM'),
        (b'<html><body>404</body></html>', None),
        (b'', None),
    ],
)
def test_heads(head, kind):
    assert format_of(head[:32]) == kind


def test_a_raw_photograph_is_no_thumbnail(tmp_path):
    picture(tmp_path / 'a.NEF', 'TIFF')
    picture(tmp_path / 'b.tif', 'TIFF')
    found = walk(tmp_path)
    assert found.images == ['b.tif']
    assert any('camera raw' in line for line in describe(found.left_out))


def test_what_is_left_out_is_named_by_kind(tmp_path):
    picture(tmp_path / 'cat/1.jpg')
    for name in (
        '.ipynb_checkpoints/1.jpg',
        '__MACOSX/cat/1.jpg',
        'cat/._1.jpg',
        'cat/@eaDir/1.jpg/THUMB.jpg',
        'cat/Thumbs.db',
    ):
        picture(tmp_path / name)
    (tmp_path / 'cat/2.jpg').write_bytes(b'<html>404</html>')
    (tmp_path / 'cat/3.jpg').write_bytes(b'')
    (tmp_path / 'cat/notes.txt').write_text('no image')
    (tmp_path / 'cat/4.heic').write_bytes(b'\0\0\0\x18ftypheic\0\0\0\0mif1')
    (tmp_path / 'dog').mkdir()
    found = walk(tmp_path)
    heic = ['cat/4.heic'] if 'HEIF' in formats() else []
    assert found.images == ['cat/1.jpg', *heic]
    lines = '\n'.join(describe(found.left_out))
    for line in (
        '2 left out (hidden): .ipynb_checkpoints, cat/._1.jpg',
        'a program): __MACOSX, cat/@eaDir, cat/Thumbs.db',
        '2 left out (no image that can be read): cat/2.jpg, cat/3.jpg',
        '1 left out (no image (.txt)): cat/notes.txt',
        '1 left out (an empty folder): dog',
    ):
        assert line in lines
    if not heic:
        assert 'pip install "mmspg[heic]"): cat/4.heic' in lines
    assert found.others == sorted(
        {'cat/2.jpg', 'cat/3.jpg', 'cat/4.heic', 'cat/notes.txt'} - {*heic}
    )


@pytest.mark.skipif(sys.platform == 'win32', reason='links')
def test_links(tmp_path):
    """Each folder is taken once, and rather by itself than by a link."""
    photos, store = tmp_path / 'photos', tmp_path / 'store'
    picture(photos / 'cat/1.jpg')
    picture(store / 'dogs/2.jpg')
    picture(store / '3.jpg')
    for link, target in {
        'a': 'cat',
        'cat/above': '..',
        'cat/3.jpg': store / '3.jpg',
        'cat/gone.jpg': 'nothing',
        'cat/ring': 'ring',
        'dog': store / 'dogs',
        'hound': store / 'dogs',
        'up': tmp_path,
    }.items():
        (photos / link).symlink_to(target)
    os.mkfifo(photos / 'pipe.jpg')
    found = walk(photos)
    assert found.images == ['cat/1.jpg', 'cat/3.jpg', 'dog/2.jpg']
    kinds = {tuple(sorted(paths)) for paths in found.left_out.values()}
    assert kinds == {
        ('a', 'cat/above', 'hound', 'up'),
        ('cat/gone.jpg', 'cat/ring'),
        ('pipe.jpg',),
    }


@pytest.mark.skipif(not hasattr(os, 'getuid'), reason='Windows')
def test_a_closed_folder_is_named(tmp_path, monkeypatch):
    picture(tmp_path / 'open/1.jpg')
    picture(tmp_path / 'closed/2.jpg')
    scandir = os.scandir

    def closed(path):
        if Path(path).name == 'closed':
            raise PermissionError(13, 'closed', path)
        return scandir(path)

    monkeypatch.setattr(os, 'scandir', closed)
    found = walk(tmp_path)
    assert found.images == ['open/1.jpg']
    assert found.left_out == {'cannot be opened': ['closed']}


def test_a_folder_is_left_out_and_names_are_trusted(tmp_path):
    picture(tmp_path / 'a/1.jpg')
    picture(tmp_path / 'copies/1.jpg')
    (tmp_path / 'a/2.jpg').write_bytes(b'')
    found = walk(tmp_path, leave_out=[tmp_path / 'copies'], by_name=True)
    assert found.images == ['a/1.jpg', 'a/2.jpg']


def test_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError):
        walk(tmp_path / 'nowhere')


def folders(tmp_path, *names):
    for name in names:
        picture(tmp_path / name)
    return class_folders(walk(tmp_path))


def test_class_folders(tmp_path):
    found = folders(tmp_path, 'dog/1.jpg', 'cat/2.jpg', 'cat/in/3.jpg', '4')
    assert found.classes == ['cat', 'dog']
    assert found.splits == {
        '': {'cat': ['cat/2.jpg', 'cat/in/3.jpg'], 'dog': ['dog/1.jpg']}
    }
    assert found.left_out == {'not in the folder of a class': ['4']}


def test_folders_of_splits_are_no_classes(tmp_path):
    found = folders(
        tmp_path,
        'train/cat/1',
        'train/dog/2',
        'Validation/cat/3',
        'train/4',
        'test/5',
    )
    assert found.classes == ['cat', 'dog']
    assert found.splits == {
        'train': {'cat': ['train/cat/1'], 'dog': ['train/dog/2']},
        'val': {'cat': ['Validation/cat/3']},
    }
    loose = found.left_out['not in the folder of a class']
    assert sorted(loose) == ['test/5', 'train/4']


def test_a_class_may_be_called_train(tmp_path):
    found = folders(tmp_path, 'train/ice/1.jpg', 'bus/2.jpg')
    assert found.classes == ['bus', 'train']


@pytest.mark.parametrize(
    'names, said',
    [
        (['1.jpg'], r'no image in a folder of a class \(1 images'),
        ([], 'no image in a folder of a class'),
        (['train/1.jpg', 'val/2.jpg'], 'train, val is named like a split'),
        (['train/a/1', 'val/a/2', 'more/a/3'], 'train, val .* more like clas'),
        (['val/a/1', 'valid/a/2'], 'val, valid are the same split'),
        (['train/a/1', 'extra/a/2'], 'train are named like splits, and extra'),
        (['a/train/1', 'a/val/2', 'b/val/3'], 'train/a instead of .*a/train'),
        (['all/train/1', 'all/val/2'], 'splits are in .*/all. Give that'),
    ],
)
def test_folders_that_may_mean_two_things(tmp_path, names, said):
    with pytest.raises(ValueError, match=said):
        folders(tmp_path, *names)
