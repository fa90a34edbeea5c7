"""A packed data root gives the pixels of its files, or says what is wrong."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
from torch.utils.data import DataLoader

from mmspg.datasets import (
    CUBLoc,
    ImageNetLoc,
    PackedImages,
    UnreadableImageError,
    read_image,
)

lmdb = pytest.importorskip(
    'lmdb', reason='lmdb is not installed (extra lmdb): nothing to read'
)


def pack(root, *arguments, fails=False):
    script = f'{pack.tools}/pack_lmdb.py'
    done = subprocess.run(
        [sys.executable, script, str(root), *map(str, arguments)],
        capture_output=True,
        text=True,
    )
    assert bool(done.returncode) is fails, done.stderr
    return done.stderr if fails else done.stdout


@pytest.fixture(autouse=True)
def tools(root):
    pack.tools = root / 'tools/dataset_converters'


def pipeline(**backend_args):
    backend_args = dict(backend='mmspg_lmdb', **backend_args)
    return [
        dict(type='mmspg.LoadLocImage', backend_args=backend_args),
        dict(type='mmspg.LocResize', scale=(32, 32), backend='pillow'),
        dict(type='mmspg.PackLocInputs'),
    ]


def inputs_of(dataset):
    return {d['data_samples'].img_id: d['inputs'].numpy() for d in dataset}


def assert_same(ours, theirs):
    assert ours.keys() == theirs.keys()
    assert ours
    for name, pixels in ours.items():
        np.testing.assert_array_equal(pixels, theirs[name])


@pytest.mark.quick
def test_cub_needs_no_image_files(cub):
    steps = pipeline(data_root=str(cub))
    plain = [dict(type='mmspg.LoadLocImage'), *steps[1:]]
    expected = inputs_of(CUBLoc(str(cub), 'train', pipeline=plain))
    assert '4 images' in pack(cub)
    shutil.rmtree(cub / 'images')
    packed = CUBLoc(str(cub), 'train', pipeline=steps)
    assert_same(inputs_of(packed), expected)


def test_imagenet_needs_the_list_only(ilsvrc):
    (ilsvrc / 'ImageSets/CLS-LOC').mkdir(parents=True)
    names = ['n01/n01_7', 'n02/n02_3', 'n02/n02_4']
    (ilsvrc / 'ImageSets/CLS-LOC/train_cls.txt').write_text(
        ''.join(f'{name} {i}\n' for i, name in enumerate(names, 1))
    )
    steps = pipeline(db_path=str(ilsvrc / 'images.lmdb'))
    plain = [dict(type='mmspg.LoadLocImage'), *steps[1:]]
    expected = inputs_of(ImageNetLoc(str(ilsvrc), 'train', pipeline=plain))
    assert '3 images' in pack(ilsvrc, '--only', 'Data/CLS-LOC/train')
    for folder in ('n01', 'n02'):
        shutil.rmtree(ilsvrc / 'Data/CLS-LOC/train' / folder)
    packed = ImageNetLoc(str(ilsvrc), 'train', pipeline=steps)
    assert_same(inputs_of(packed), expected)


@pytest.mark.parametrize(
    'context', ['fork', pytest.param('spawn', marks=pytest.mark.slow)]
)
def test_workers_read_what_the_main_process_has_opened(cub, context):
    pack(cub)
    steps = pipeline(data_root=str(cub))
    dataset = CUBLoc(str(cub), 'train', pipeline=steps)
    expected = inputs_of(dataset)
    shutil.rmtree(cub / 'images')
    loader = DataLoader(
        dataset,
        batch_size=None,
        num_workers=1,
        multiprocessing_context=context,
    )
    assert_same(inputs_of(loader), expected)


def test_names_beyond_ascii(cub):
    (cub / 'images/Möwe').mkdir()
    shutil.copy(cub / 'images/002.Auk/c.jpg', cub / 'images/Möwe/日 1.JPG')
    expected = read_image(str(cub / 'images/Möwe/日 1.JPG'))
    pack(cub, '--out', cub / 'other.lmdb')
    args = dict(
        backend='mmspg_lmdb',
        db_path=str(cub / 'other.lmdb'),
        data_root=f'{cub}/./',
    )
    found = read_image(f'{cub}/images/Möwe/日 1.JPG', backend_args=args)
    np.testing.assert_array_equal(found, expected)


def test_a_missing_key_is_named(cub):
    pack(cub)
    args = dict(backend='mmspg_lmdb', data_root=str(cub))
    with pytest.raises(
        UnreadableImageError, match="no key 'images/003.x/e.jpg'.*pack_lmdb"
    ):
        read_image(f'{cub}/images/003.x/e.jpg', backend_args=args)
    stock = dict(backend='lmdb', db_path=str(cub / 'images.lmdb'))
    (cub / 'other').mkdir()
    shutil.copytree(cub / 'images.lmdb', cub / 'other/images.lmdb')
    stock['db_path'] = str(cub / 'other/images.lmdb')
    with pytest.raises(UnreadableImageError, match='has no file of that name'):
        read_image('images/003.x/e.jpg', backend_args=stock)


def test_neither_database_nor_root():
    with pytest.raises(ValueError, match='data_root=DIR'):
        PackedImages()


@pytest.mark.parametrize(
    'spoil, message',
    [
        (lambda file: file.unlink(), 'cannot be opened.*pack_lmdb'),
        (lambda file: file.write_bytes(b'x' * 9000), 'cannot be opened'),
        (
            lambda file: file.write_bytes(file.read_bytes()[:9000]),
            'cut short: 9000 of .* bytes',
        ),
    ],
)
def test_broken_databases(cub, spoil, message):
    pack(cub)
    spoil(cub / 'images.lmdb/data.mdb')
    args = dict(backend='mmspg_lmdb', data_root=str(cub))
    with pytest.raises(UnreadableImageError, match=message):
        read_image(f'{cub}/images/002.Auk/c.jpg', backend_args=args)


def test_broken_pages_count_as_broken_images(cub):
    """Whatever LMDB finds in them, nothing but our error comes out."""
    pack(cub)
    file = cub / 'images.lmdb/data.mdb'
    whole = file.read_bytes()
    args = dict(backend='mmspg_lmdb', data_root=str(cub))
    refused = 0
    for page in range(2, len(whole) // 4096):
        for junk in (b'\0', b'\xff'):
            bad = bytearray(whole)
            bad[page * 4096 + 8 : page * 4096 + 16] = junk * 8
            file.write_bytes(bad)
            PackedImages._client = None
            try:
                read_image(f'{cub}/images/002.Auk/c.jpg', backend_args=args)
            except UnreadableImageError:
                refused += 1
    assert refused


def test_a_killed_packing_goes_on(cub):
    """What an earlier run has committed is kept, and not read again."""
    unfinished = cub / 'images.lmdb.unfinished'
    with lmdb.open(str(unfinished), map_size=2**20) as env:
        with env.begin(write=True) as transaction:
            transaction.put(b'images/002.Auk/c.jpg', b'of the first run')
        killed = env.begin(write=True)
        killed.put(b'images/002.Auk/d.jpg', b'never committed')
        killed.abort()
    pack(cub)
    assert not unfinished.exists()
    with lmdb.open(str(cub / 'images.lmdb'), readonly=True) as env:
        assert env.stat()['entries'] == 4
        with env.begin() as transaction:
            found = dict(transaction.cursor())
    assert found.pop(b'images/002.Auk/c.jpg') == b'of the first run'
    for name, content in found.items():
        assert content == (cub / name.decode()).read_bytes()


def test_refusals(cub, tmp_path):
    pack(cub)
    assert 'is there already' in pack(cub, fails=True)
    assert 'no folder' in pack(cub, '--only', 'photos', fails=True)
    (tmp_path / 'empty').mkdir()
    assert 'no image' in pack(tmp_path / 'empty', fails=True)
