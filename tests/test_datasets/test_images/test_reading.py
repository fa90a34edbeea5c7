"""Images of many bits and of many pixels are read as what they show."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from mmspg.datasets.images.file_formats import formats
from mmspg.datasets.images.reading import (
    LIMIT,
    UnreadableImageError,
    decode_copy,
)

RAMP = np.arange(256).reshape(16, 16)  # what every file below shows


def encode(pixels, suffix='.png'):
    return cv2.imencode(suffix, pixels)[1].tobytes()


def pillow(img, kind, **settings):
    file = io.BytesIO()
    img.save(file, kind, **settings)
    return file.getvalue()


def read(content, exif='ignore'):
    return decode_copy(content, 'x.png', exif)


@pytest.mark.parametrize('bits', [8, 10, 12, 14, 16])
@pytest.mark.parametrize('suffix', ['.png', '.tif'])
@pytest.mark.parametrize('colours', [1, 3, 4])
def test_levels_of_a_16_bit_file(bits, suffix, colours):
    """A sensor of fewer bits fills the lower ones of the file."""
    ramp = np.round(RAMP / 255 * (2**bits - 1)).astype(np.uint16)
    pixels = np.repeat(ramp[..., None], colours, axis=2)
    if colours == 4:
        pixels[..., 3] = 65535
    img, _ = read(encode(pixels, suffix))
    for colour in range(3):
        np.testing.assert_allclose(img[..., colour], RAMP, atol=1)


@pytest.mark.parametrize('bits', [8, 12, 16])
def test_levels_of_a_jpeg_2000(bits):
    """Pillow shows 12 bits as black, and white of 16 bits as black."""
    shown = np.tile(RAMP, (4, 4))
    levels = np.round(shown / 255 * (2**bits - 1)).astype(np.uint16)
    img, _ = read(encode(np.repeat(levels[..., None], 3, axis=2), '.jp2'))
    np.testing.assert_allclose(img[..., 0], shown, atol=2)


def test_colours_of_a_12_bit_image_keep_their_order():
    pixels = np.zeros((4, 4, 3), np.uint16)
    pixels[...] = (1000, 2000, 4095)  # OpenCV's order
    img, _ = read(encode(pixels))
    np.testing.assert_allclose(img[0, 0], (62, 124, 255), atol=1)


@pytest.mark.parametrize('white', [1, 255, 65535])
def test_levels_of_floats(white):
    values = (RAMP / 255 * white).astype(np.float32)
    img, _ = read(pillow(Image.fromarray(values), 'TIFF'))
    np.testing.assert_allclose(img[..., 0], RAMP, atol=1)


@pytest.mark.parametrize(
    'values',
    [
        np.float32([[0, np.nan]]),
        np.float32([[0, 1.7]]),
        np.float32([[-1, 1]]),
        np.int32([[0, 70000]]),
        np.int32([[-3, 200]]),
    ],
)
def test_levels_without_a_known_white_are_refused(values):
    with pytest.raises(UnreadableImageError, match='x.png.*which value is'):
        read(pillow(Image.fromarray(values), 'TIFF'))


def test_a_dark_image_of_8_bits_stays_dark():
    pixels = np.full((4, 4, 3), 9, np.uint8)
    assert (read(encode(pixels))[0] == 9).all()
    assert (read(encode(np.zeros((4, 4), np.uint16)))[0] == 0).all()


def turned(content, orientation=6):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return pillow(Image.open(io.BytesIO(content)), 'JPEG', exif=exif)


def halves():
    """Left half black, right half white, 160 x 90."""
    pixels = np.zeros((90, 160, 3), np.uint8)
    pixels[:, 80:] = 255
    return encode(pixels, '.jpg')


@pytest.mark.parametrize('limit, part', [(14400, 1), (4000, 2), (300, 8)])
@pytest.mark.parametrize('progressive', [False, True])
def test_a_large_jpeg_is_read_at_a_part_of_its_size(
    monkeypatch, limit, part, progressive
):
    """Boxes stay in pixels of the original: its size comes with it."""
    img = Image.open(io.BytesIO(halves()))
    content = pillow(img, 'JPEG', progressive=progressive)
    monkeypatch.setenv(LIMIT, str(limit))
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 1000)
    if progressive and part == 8:  # its coefficients are held whole
        with pytest.raises(UnreadableImageError, match='160 x 90 pixels'):
            read(content)
        return
    found, size = read(content)
    assert size == (160, 90)
    assert found.shape == (-(-90 // part), 160 // part, 3)
    assert found[:, : 70 // part].max() < 30
    assert found[:, 90 // part :].min() > 225


def test_a_large_jpeg_is_turned_with_its_size(monkeypatch):
    monkeypatch.setenv(LIMIT, '4000')
    img, size = read(turned(halves()), 'apply')
    assert (img.shape, size) == ((80, 45, 3), (90, 160))
    assert img[:35].max() < 30
    assert read(turned(halves()))[1] == (160, 90)


@pytest.mark.parametrize('kind', ['PNG', 'TIFF'])
def test_the_limit_is_lifted_as_the_message_says(monkeypatch, kind):
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 1000)
    monkeypatch.setenv(LIMIT, '5999')
    content = pillow(Image.new('RGB', (100, 60)), kind)
    with pytest.raises(UnreadableImageError, match=f'set {LIMIT}=6000 '):
        read(content)
    monkeypatch.setenv(LIMIT, '6000')
    assert read(content)[0].shape == (60, 100, 3)
    assert Image.MAX_IMAGE_PIXELS == 1000
    monkeypatch.setenv(LIMIT, '6 million')
    with pytest.raises(ValueError, match=f'{LIMIT} must be a number'):
        read(content)


def test_heic_is_read_or_named_with_the_command():
    if 'HEIF' in formats():
        content = pillow(Image.new('RGB', (64, 64), 'red'), 'HEIF')
        assert read(content)[0].shape == (64, 64, 3)
        return
    head = b'\0\0\0\x18ftypheic\0\0\0\0mif1heic'
    with pytest.raises(UnreadableImageError, match='HEIC.*mmspg.heic'):
        read(head)


@pytest.mark.skipif('AVIF' not in formats(), reason='an older Pillow')
def test_avif_is_read():
    content = pillow(Image.new('RGB', (64, 64), 'red'), 'AVIF')
    assert read(content)[0][0, 0, 2] > 240
