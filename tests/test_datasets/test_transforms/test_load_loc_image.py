"""The loader reads pixels as annotated, or says what is wrong."""

import io

import numpy as np
import pytest
from mmcv.transforms import CenterCrop
from mmpretrain.datasets.transforms import RandomCrop, ResizeEdge
from PIL import Image

from mmspg.datasets import UnreadableImageError, read_image
from mmspg.datasets.transforms import (
    LoadLocImage,
    LocRandomCrop,
    LocRandomFlip,
    LocResize,
    LocResizeEdge,
    check_pipeline,
)

RED, GREEN = (255, 0, 51), (0, 204, 51)  # colours of the web palette


def halves(mode='RGB'):
    """Left half red, right half green, 40 x 20."""
    img = Image.new('RGB', (40, 20), RED)
    img.paste(GREEN, (20, 0, 40, 20))
    return img.convert(mode)


def load(path, **kwargs):
    return LoadLocImage(**kwargs)(dict(img_path=str(path)))['img']


def assert_halves(img, atol=30):
    assert img.shape == (20, 40, 3)
    assert img.dtype == np.uint8
    left, right = img[10, 8, ::-1], img[10, 32, ::-1]  # B, G, R -> R, G, B
    np.testing.assert_allclose(left, RED, atol=atol)
    np.testing.assert_allclose(right, GREEN, atol=atol)


@pytest.mark.parametrize(
    'mode, suffix, kind',
    [
        ('RGB', 'JPEG', 'JPEG'),
        ('CMYK', 'JPEG', 'JPEG'),
        ('RGB', 'JPEG', 'PNG'),  # ImageNet has a PNG of that name
        ('P', 'png', 'PNG'),
        ('RGBA', 'png', 'PNG'),
        ('RGB', 'jpg', 'WEBP'),
    ],
)
def test_modes_and_formats(tmp_path, mode, suffix, kind):
    path = tmp_path / f'image.{suffix}'
    halves(mode).save(path, kind)
    assert_halves(load(path))


@pytest.mark.parametrize('mode', ['L', 'LA', '1'])
def test_grey(tmp_path, mode):
    path = tmp_path / 'grey.png'
    halves('L').convert(mode).save(path)
    img = load(path)
    assert img.shape == (20, 40, 3)
    assert (img[..., 0] == img[..., 1]).all()


def test_16_bit_grey_is_scaled(tmp_path):
    path = tmp_path / 'deep.png'
    pixels = np.array([[0, 257, 32896, 65535]], np.uint16)
    Image.fromarray(pixels).save(path)
    assert load(path)[0, :, 0].tolist() == [0, 1, 128, 255]


@pytest.mark.parametrize('mode', ['RGBA', 'LA', 'P'])
def test_transparent_pixels_show_the_mean_colour(tmp_path, mode):
    path = tmp_path / 'hole.png'
    if mode == 'P':
        img = Image.new('P', (8, 8), 0)
        img.putpalette([255, 0, 0] * 256)
        img.save(path, transparency=0)
    else:
        hole = Image.new('L', (8, 8), 0)
        img = Image.new('RGB', (8, 8), 'white').convert(mode)
        img.putalpha(hole)
        img.save(path)
    assert load(path)[4, 4].tolist() == [104, 116, 124]


def rotated(path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees to show
    halves().save(path, exif=exif)


def test_exif_is_ignored_unless_asked_for(tmp_path):
    rotated(tmp_path / 'turned.jpg')
    assert_halves(load(tmp_path / 'turned.jpg'))
    turned = load(tmp_path / 'turned.jpg', exif='apply')
    assert turned.shape == (40, 20, 3)
    np.testing.assert_allclose(turned[8, 10, ::-1], RED, atol=30)


def test_exif_turns_boxes_with_the_image(tmp_path):
    rotated(tmp_path / 'turned.jpg')
    item = dict(
        img_path=str(tmp_path / 'turned.jpg'),
        ori_gt_bboxes=np.float32([[0, 0, 5, 10]]),
    )
    results = LoadLocImage(exif='apply')(dict(item))
    assert results['ori_shape'] == (40, 20)
    assert results['gt_bboxes'].tolist() == [[10, 0, 20, 5]]
    assert results['ori_gt_bboxes'].tolist() == [[10, 0, 20, 5]]
    with pytest.raises(ValueError, match='its masks do not fit'):
        LoadLocImage(exif='apply')(dict(item, gt_mask_paths=['a.png']))
    with pytest.raises(ValueError, match="one of .'ignore', 'apply'"):
        LoadLocImage(exif='rotate')


def test_missing_image(tmp_path):
    with pytest.raises(
        UnreadableImageError, match='gone.jpg: No such .*--data-root'
    ):
        load(tmp_path / 'gone.jpg')


@pytest.mark.parametrize('share', [0, 0.01, 0.3, 0.6, 0.95])
def test_truncated_jpeg(tmp_path, share):
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (90, 90, 3), np.uint8)
    Image.fromarray(noise).save(buffer, 'JPEG')
    content = buffer.getvalue()
    path = tmp_path / 'cut.jpg'
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UnreadableImageError, match='cut.jpg.*bytes'):
        load(path)


def test_bytes_that_are_no_image(tmp_path):
    path = tmp_path / 'page.jpg'
    path.write_text('<html>404</html>')
    with pytest.raises(UnreadableImageError, match='page.jpg'):
        load(path)


def test_size_must_be_the_annotated(tmp_path):
    halves().save(tmp_path / 'a.png')
    item = dict(img_path=str(tmp_path / 'a.png'), ann_size=(20, 40))
    with pytest.raises(ValueError, match='a.png is 40 x 20 .* says 20 x 40'):
        LoadLocImage()(item)


def test_boxes_are_clipped(tmp_path):
    halves().save(tmp_path / 'a.png')
    boxes = [[-0.5, 0, 40.9, 20], [1, 1, 50, 5], [1, 1, 5, 5], [41, 1, 50, 5]]
    results = LoadLocImage()(
        dict(img_path=str(tmp_path / 'a.png'), ori_gt_bboxes=np.float32(boxes))
    )
    last = [[1, 1, 40, 5], [1, 1, 5, 5]]
    assert results['gt_bboxes'].tolist() == [[0, 0, 40, 20], *last]
    first = np.float32(boxes[0]).tolist()  # by less than a pixel
    assert results['ori_gt_bboxes'].tolist() == [first, *last]


def test_array_in_memory():
    grey = np.full((5, 7), 9, np.uint8)
    results = LoadLocImage()(dict(img=grey))
    assert results['img'].shape == (5, 7, 3)
    assert results['ori_shape'] == results['img_shape'] == (5, 7)
    assert 'gt_bboxes' not in results


def test_synthetic_address():
    path = 'synthetic:seed=0&split=val&index=7&side=64&num_classes=4'
    assert read_image(path).shape == (64, 64, 3)
    np.testing.assert_array_equal(read_image(path), load(path))
    with pytest.raises(ValueError, match='not an address'):
        read_image('synthetic:seed=0&split=val')


def smooth(w, h):
    """A photograph-like image: colours that change slowly."""
    x, y = np.meshgrid(np.linspace(0, 6, w), np.linspace(0, 5, h))
    waves = np.stack([np.sin(x + y), np.cos(x - y), np.sin(x * y / 4)], -1)
    return Image.fromarray(np.uint8(127 + 120 * waves))


@pytest.mark.parametrize(
    'size, side, read',
    [
        ((801, 603), 75, (101, 76)),  # an eighth
        ((801, 603), 76, (201, 151)),  # a quarter
        ((801, 603), 301, (401, 302)),  # a half
        ((801, 603), 302, (801, 603)),
        ((75, 600), 9, (10, 75)),
        ((50, 40), 100, (50, 40)),
    ],
)
def test_large_jpegs_are_read_as_small_as_allowed(tmp_path, size, side, read):
    smooth(*size).save(tmp_path / 'a.jpg', quality=95)
    smooth(*size).save(tmp_path / 'a.png')
    assert load(tmp_path / 'a.jpg', min_side=side).shape[1::-1] == read
    assert load(tmp_path / 'a.png', min_side=side).shape[1::-1] == size


@pytest.mark.parametrize('orientation', [1, 6])
def test_a_small_reading_resizes_to_the_same(tmp_path, orientation):
    """Boxes stay in pixels of the file; the network sees the same."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    smooth(1200, 900).save(tmp_path / 'a.jpg', quality=95, exif=exif)
    found = []
    for side in (None, 128):
        results = dict(
            img_path=str(tmp_path / 'a.jpg'),
            ori_gt_bboxes=np.float32([[120, 90, 601, 451]]),
            ann_grid='seen',
        )
        results = LoadLocImage(min_side=side)(results)
        found.append(LocResize(scale=(64, 64), backend='pillow')(results))
    whole, small = found
    for key in ('ori_shape', 'img_shape', 'ori_gt_bboxes'):
        np.testing.assert_array_equal(small[key], whole[key])
    for key in ('gt_bboxes', 'homography'):
        np.testing.assert_allclose(small[key], whole[key], rtol=1e-5)
    difference = np.abs(small['img'].astype(int) - whole['img'])
    assert difference.mean() < 1
    assert difference.max() < 8


def test_a_small_reading_still_finds_a_truncated_file(tmp_path):
    smooth(801, 603).save(tmp_path / 'a.jpg', quality=95)
    content = (tmp_path / 'a.jpg').read_bytes()
    (tmp_path / 'a.jpg').write_bytes(content[: len(content) // 2])
    with pytest.raises(UnreadableImageError, match=r'a\.jpg'):
        load(tmp_path / 'a.jpg', min_side=50)


@pytest.mark.parametrize(
    'rest, words',
    [
        ([LocResize(scale=(256, 300), backend='pillow')], 'min_side=600'),
        ([LocResizeEdge(scale=256)], None),
        ([LocResize(scale=(256, 256))], None),
        ([LocResize(scale_factor=0.5)], 'Leave out'),
        ([ResizeEdge(256), CenterCrop(224)], None),  # packs no boxes
        ([LocRandomFlip(prob=0.5), LocResize(scale=256)], None),
        ([LocResize(scale=(400, 256), keep_ratio=True)], None),
        ([RandomCrop(224), LocResize(scale=64)], 'begins with RandomCrop'),
        ([LocRandomCrop(crop_size=224), LocResize(scale=64)], 'Leave out'),
        ([], 'Leave out'),
    ],
)
def test_a_resize_must_follow_and_need_no_more(rest, words):
    transforms = [LoadLocImage(min_side=256), *rest]
    if words is None:
        check_pipeline(transforms)
    else:
        with pytest.raises(ValueError, match=words):
            check_pipeline(transforms)
