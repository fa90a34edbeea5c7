"""Copies are what the training pipeline would have made of the originals."""

import json
import shutil
import sys
from importlib import import_module

import numpy as np
import pytest
from PIL import Image

from mmspg.datasets import CUBLoc, read_image
from mmspg.datasets.images.headers import Header, read_header
from mmspg.datasets.images.reading import read_copy

SIZES = ((500, 375), (375, 500), (400, 300), (60, 40))


@pytest.fixture
def resize(root, monkeypatch, capsys):
    """Run the command in this process, which has imported PyTorch."""
    folder = root / 'tools/dataset_converters'
    monkeypatch.syspath_prepend(folder)
    command = import_module('resize_images')

    def run(*arguments, fails=False):
        argv = ['resize_images.py', *map(str, arguments), '--workers', '1']
        monkeypatch.setattr(sys, 'argv', argv)
        code = None
        try:
            command.main()
        except SystemExit as error:
            code = error.code
        said = capsys.readouterr()
        assert bool(code) is fails, said.err
        return f'{said.err}{code}' if fails else said.out

    return run


@pytest.fixture
def cub(tmp_path):
    """CUB of 1 class and 4 training images; smooth, as photographs are."""
    root = tmp_path / 'cub'
    rng = np.random.default_rng(0)
    (root / 'images/1.Auk').mkdir(parents=True)
    rows = dict(classes=['1 1.Auk'], images=[], bounding_boxes=[])
    rows.update(image_class_labels=[], train_test_split=[])
    for i, size in enumerate(SIZES, 1):
        grain = rng.integers(0, 256, (12, 16, 3), np.uint8)
        img = Image.fromarray(grain).resize(size, Image.BICUBIC)
        mode = {2: 'L', 3: 'CMYK'}.get(i, 'RGB')
        img.convert(mode).save(root / f'images/1.Auk/{i}.jpg', quality=95)
        w, h = size
        rows['images'].append(f'{i} 1.Auk/{i}.jpg')
        rows['image_class_labels'].append(f'{i} 1')
        rows['train_test_split'].append(f'{i} 1')
        rows['bounding_boxes'].append(
            f'{i} {w / 10} {h / 4} {w / 2} {0.7 * h}'
        )
    for name, lines in rows.items():
        (root / f'{name}.txt').write_text('\n'.join(lines) + '\n')
    return root


def train_on(folder, resize):
    pipeline = [
        dict(type='mmspg.LoadLocImage'),
        dict(resize, backend='pillow'),
        dict(type='mmspg.PackLocInputs'),
    ]
    dataset = CUBLoc(str(folder), 'train', pipeline=pipeline)
    return [dataset[i] for i in range(len(dataset))]


WHOLE = ((), dict(type='mmspg.LocResize', scale=(256, 256)))
SHORT = (('--short-side', 192), dict(type='mmspg.LocResizeEdge', scale=192))


@pytest.mark.parametrize('options, step', [WHOLE, SHORT])
@pytest.mark.parametrize('form, atol', [('png', 0), ('jpeg', 6)])
def test_same_inputs_and_boxes(
    resize, cub, tmp_path, options, step, form, atol
):
    copies = tmp_path / 'copies'
    assert '4 images' in resize(cub, copies, '--format', form, *options)
    for ours, theirs in zip(
        train_on(copies, step), train_on(cub, step), strict=True
    ):
        difference = np.abs(
            ours['inputs'].numpy().astype(int) - theirs['inputs'].numpy()
        )
        assert difference.mean() <= atol / 6
        assert difference.max() <= 6 * atol
        ours, theirs = ours['data_samples'], theirs['data_samples']
        assert ours.ori_shape == theirs.ori_shape
        np.testing.assert_array_equal(ours.ori_gt_bboxes, theirs.ori_gt_bboxes)
        np.testing.assert_allclose(ours.homography, theirs.homography)
        np.testing.assert_allclose(ours.gt_bboxes, theirs.gt_bboxes, atol=1e-3)


def test_copies_are_small_and_keep_names(resize, cub, tmp_path):
    copies = tmp_path / 'copies'
    resize(cub, copies)
    names = sorted(p.relative_to(cub) for p in cub.rglob('*') if p.is_file())
    assert all((copies / name).is_file() for name in names)
    for i, size in enumerate(SIZES[:3], 1):
        path = copies / f'images/1.Auk/{i}.jpg'
        with Image.open(path) as copy:
            assert (copy.mode, copy.format) == ('RGB', 'JPEG')
            assert copy.size == (256, 256)
        assert read_copy(str(path))[1] == size
    # What would grow, and what is no image, stays as it is.
    for name in ('images/1.Auk/4.jpg', 'images.txt'):
        assert (copies / name).read_bytes() == (cub / name).read_bytes()


def test_a_copy_of_a_copy_knows_the_original(resize, cub, tmp_path):
    resize(cub, tmp_path / 'one')
    resize(tmp_path / 'one', tmp_path / 'two', '--size', 64, 48)
    img, size = read_copy(str(tmp_path / 'two/images/1.Auk/1.jpg'))
    assert (img.shape, size) == ((48, 64, 3), SIZES[0])


def test_a_copy_is_turned_as_its_original(resize, cub, tmp_path):
    path = cub / 'images/1.Auk/1.jpg'
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(path) as img:
        img.save(path, exif=exif)
    resize(cub, tmp_path / 'copies', '--short-side', 100)
    copy = str(tmp_path / 'copies/images/1.Auk/1.jpg')
    w, h = SIZES[0]
    assert read_copy(copy)[1] == (w, h)
    img, size = read_copy(copy, 'apply')
    assert size == (h, w)
    assert (img.shape[0] > img.shape[1]) == (w > h)
    assert read_header(copy) == Header((w, h), 6)


def test_a_killed_run_goes_on(resize, cub, tmp_path):
    """Finished copies are kept, unfinished and outdated ones made anew."""
    copies = tmp_path / 'copies'
    resize(cub, copies)
    kept, lost, old = (copies / f'images/1.Auk/{i}.jpg' for i in (1, 2, 3))
    expected = lost.read_bytes()
    kept.write_bytes(b'of the first run')
    lost.rename(lost.with_name('2.jpg.unfinished'))
    shutil.copy(cub / 'images/1.Auk/1.jpg', cub / 'images/1.Auk/3.jpg')
    resize(cub, copies)
    assert kept.read_bytes() == b'of the first run'
    assert lost.read_bytes() == expected
    assert read_copy(str(old))[1] == SIZES[0]
    assert not list(copies.rglob('*.unfinished'))


def test_refusals(resize, cub, tmp_path):
    copies = tmp_path / 'copies'
    resize(cub, copies, '--only', 'images')
    assert 'with other settings' in resize(
        cub, copies, '--size', 9, fails=True
    )
    assert json.loads((copies / 'resize_images.json').read_text())
    assert 'is not empty' in resize(cub, cub / 'images', fails=True)
    assert 'another folder' in resize(cub, cub, fails=True)
    assert 'no folder' in resize(tmp_path / 'gone', copies, fails=True)


def test_broken_images_are_named(resize, cub, tmp_path):
    broken = cub / 'images/1.Auk/2.jpg'
    broken.write_bytes(broken.read_bytes()[:900])
    said = resize(cub, tmp_path / 'copies', fails=True)
    assert f'left out: cannot decode image {broken}' in said
    assert '1 images cannot be read' in said
    found = read_image(str(tmp_path / 'copies/images/1.Auk/1.jpg'))
    assert found.shape == (256, 256, 3)


def test_folders_may_be_named_in_any_way(resize, cub, tmp_path):
    for i, only in enumerate(('./images', cub / 'images', 'images/')):
        said = resize(cub, tmp_path / f'copies{i}', '--only', only)
        assert f'{len(SIZES)} images' in said
    (cub / 'empty').mkdir()
    with pytest.raises(ValueError, match='no image in .*empty'):
        resize(cub, tmp_path / 'none', '--only', 'images', 'empty')
