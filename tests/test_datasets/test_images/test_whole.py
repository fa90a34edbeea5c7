"""Files that are cut short and closed again are no whole images."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image

from mmspg.datasets.images.reading import UnreadableImageError, decode_copy
from mmspg.datasets.images.whole import MAX_SCANS
from mmspg.evaluation.wsol.masks import read_mask

DICE = np.random.default_rng(0)
COLOURS = DICE.integers(1, 255, (41, 50, 3), np.uint8)


def encode(img, kind, **settings):
    file = io.BytesIO()
    img.save(file, kind, **settings)
    return file.getvalue()


def chunks(png):
    at = 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], 'big')
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


def without_rows(png, number, height=41):
    """The PNG without its last rows, all its checksums right."""
    parts = list(chunks(png))
    raw = zlib.decompress(b''.join(b for n, b in parts if n == b'IDAT'))
    raw = raw[: len(raw) // height * (height - number)]
    out = png[:8]
    for name, body in (
        *(part for part in parts if part[0] not in (b'IDAT', b'IEND')),
        (b'IDAT', zlib.compress(raw)),
        (b'IEND', b''),
    ):
        out += len(body).to_bytes(4, 'big') + name + body
        out += zlib.crc32(name + body).to_bytes(4, 'big')
    return out


def cut(jpeg, share):
    """The first part of a JPEG, and the mark of an end."""
    return jpeg[: int(len(jpeg) * share)].rstrip(b'\xff') + b'\xff\xd9'


def refused(content):
    with pytest.raises(UnreadableImageError, match=r'x\.img.*cut short'):
        decode_copy(content, 'x.img')
    return True


@pytest.mark.parametrize('mode', ['RGB', 'RGBA', 'L', 'LA', 'P', '1', 'I;16'])
def test_a_png_without_its_last_rows(mode):
    img = Image.fromarray(COLOURS)
    if mode == 'I;16':
        img = Image.fromarray(COLOURS[..., 0].astype(np.uint16) * 257)
    png = encode(img.convert(mode) if mode != 'I;16' else img, 'PNG')
    decode_copy(png, 'x.img')
    decode_copy(without_rows(png, 0), 'x.img')
    for number in (1, 2, 40):
        assert refused(without_rows(png, number))


@pytest.mark.parametrize('mode', ['RGB', 'L', 'P', '1'])
def test_black_rows_are_not_missing(mode):
    pixels = COLOURS.copy()
    pixels[20:] = 0
    decode_copy(encode(Image.fromarray(pixels).convert(mode), 'PNG'), 'x.img')


@pytest.mark.parametrize(
    'settings', [{}, {'subsampling': 0}, {'quality': 30}, {'optimize': True}]
)
@pytest.mark.parametrize('mode', ['RGB', 'L', 'CMYK'])
def test_a_jpeg_without_its_rest(mode, settings):
    big = np.kron(COLOURS, np.ones((6, 6, 1), np.uint8))
    jpeg = encode(Image.fromarray(big).convert(mode), 'JPEG', **settings)
    decode_copy(jpeg, 'x.img')
    for share in (0.3, 0.6, 0.9):
        assert refused(cut(jpeg, share))


@pytest.mark.parametrize('mode', ['RGB', 'L'])
def test_a_progressive_jpeg_without_a_scan(mode):
    big = Image.fromarray(np.kron(COLOURS, np.ones((6, 6, 1), np.uint8)))
    jpeg = encode(big.convert(mode), 'JPEG', progressive=True)
    decode_copy(jpeg, 'x.img')
    for share in (0.2, 0.5):
        assert refused(cut(jpeg, share))


@pytest.mark.parametrize('progressive', [False, True])
@pytest.mark.parametrize('level', [127, 128, 129])
def test_a_grey_jpeg_is_whole(level, progressive):
    grey = Image.new('RGB', (50, 41), (level, level, level))
    decode_copy(encode(grey, 'JPEG', progressive=progressive), 'x.img')


def test_fill_bytes_and_a_large_image(monkeypatch):
    """Between segments there may be any number of 0xFF."""
    big = Image.fromarray(np.kron(COLOURS, np.ones((6, 6, 1), np.uint8)))
    jpeg = encode(big, 'JPEG', progressive=True)
    filled = jpeg[:2] + b'\xff\xff\xff' + jpeg[2:]
    decode_copy(filled, 'x.img')
    assert refused(cut(filled, 0.4))
    monkeypatch.setenv('MMSPG_MAX_PIXELS', '30000')
    plain = encode(big, 'JPEG')
    assert decode_copy(plain, 'x.img')[0].shape[0] < big.height
    assert refused(cut(plain, 0.5))


@pytest.mark.parametrize('progressive', [False, True])
def test_a_jpeg_of_many_scans(progressive):
    jpeg = encode(Image.fromarray(COLOURS), 'JPEG', progressive=progressive)
    at = jpeg.index(b'\xff\xda')
    # A scan of one colour, again and again; it need not be a valid one.
    scan = b'\xff\xda\x00\x08\x01\x01\x00\x00\x00\x10\x00'
    many = jpeg[:at] + scan * (MAX_SCANS + 1) + jpeg[at:]
    with pytest.raises(UnreadableImageError, match=f'at most {MAX_SCANS}'):
        decode_copy(many, 'x.img')


def test_masks_are_checked_too(tmp_path):
    mask = Image.fromarray(COLOURS[..., 0] % 2 * 255)
    path = tmp_path / 'mask.png'
    path.write_bytes(encode(mask, 'PNG'))
    assert read_mask([path]).any()
    path.write_bytes(without_rows(encode(mask, 'PNG'), 3))
    with pytest.raises(ValueError, match=r'mask\.png.*cut short'):
        read_mask([path])
    wide = encode(Image.new('1', (2**14, 2**13)), 'PNG')
    assert len(wide) < 2**16
    path.write_bytes(wide)
    with pytest.raises(ValueError, match=r'mask\.png.*16384 x 8192 pixels'):
        read_mask([path])
