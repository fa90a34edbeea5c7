"""The quick decoder gives Pillow's pixels, and Pillow's errors."""

import io

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mmspg.datasets import UnreadableImageError
from mmspg.datasets.images.headers import mark_of
from mmspg.datasets.images.reading import decode_copy
from mmspg.datasets.transforms import LoadLocImage


def encode(mode='RGB', kind='JPEG', **options):
    rng = np.random.default_rng(0)
    grain = rng.integers(0, 256, (9, 12, 3), np.uint8)
    img = Image.fromarray(grain).resize((61, 47), Image.BICUBIC)
    buffer = io.BytesIO()
    img.convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    return encode(exif=exif)


CONTENTS = dict(
    colour=encode(),
    grey=encode('L'),
    cmyk=encode('CMYK'),
    full_colour=encode(subsampling=0),
    red_green_blue=encode(keep_rgb=True),
    restarts=encode(restart_marker_blocks=2),
    marked=encode(progressive=True, comment=mark_of((500, 375))),
    turned=turned(),
    png=encode(kind='PNG'),
)


@pytest.mark.parametrize('exif', ['ignore', 'apply'])
@pytest.mark.parametrize('name', CONTENTS)
def test_same_pixels_and_size(name, exif):
    expected, size = decode_copy(CONTENTS[name], 'a.jpg', exif)
    found, found_size = decode_copy(CONTENTS[name], 'a', exif, 'opencv')
    assert found_size == size
    np.testing.assert_array_equal(found, expected)


def outcome(content, decoder):
    try:
        return decode_copy(content, 'a', decoder=decoder)[0].tolist()
    except UnreadableImageError as error:
        return str(error)


@given(
    name=st.sampled_from(['colour', 'grey', 'restarts', 'marked']),
    share=st.floats(0.2, 1),
    end=st.sampled_from([b'', b'\xff\xd9']),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255))),
)
def test_a_broken_file_is_what_pillow_says(name, share, end, changes):
    content = bytearray(CONTENTS[name])
    for place, value in changes:
        content[int(place * (len(content) - 1))] = value
    content = bytes(content[: int(share * len(content))]) + end
    assert outcome(content, 'opencv') == outcome(content, 'pillow')


def test_it_is_used(monkeypatch):
    used, decode = [], cv2.imdecode

    def counted(*args):
        used.append(args)
        return decode(*args)

    monkeypatch.setattr(cv2, 'imdecode', counted)
    decode_copy(CONTENTS['colour'], 'a')
    assert not used
    for name in ('colour', 'grey', 'restarts'):
        decode_copy(CONTENTS[name], 'a', 'apply', 'opencv')
    assert len(used) == 3


def test_a_truncated_file_is_named(tmp_path):
    path = tmp_path / 'cut.jpg'
    path.write_bytes(CONTENTS['colour'][:900])
    loader = LoadLocImage(decoder='opencv')
    with pytest.raises(UnreadableImageError, match='cut.jpg.*truncated'):
        loader(dict(img_path=str(path)))


def test_no_such_decoder():
    with pytest.raises(ValueError, match="one of .'pillow', 'opencv'"):
        LoadLocImage(decoder='libjpeg')
