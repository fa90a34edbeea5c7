"""The quick decoder gives Pillow's pixels, and Pillow's errors."""

import io
import sys
import types
import warnings

import cv2
import numpy as np
import pytest
from PIL import Image

from mmspg.datasets import UnreadableImageError
from mmspg.datasets.images import turbo
from mmspg.datasets.images.headers import mark_of
from mmspg.datasets.images.reading import decode_copy
from mmspg.datasets.transforms import LoadLocImage


class StandIn:
    """Decodes by OpenCV; as libjpeg-turbo, it warns of a truncated file."""

    used = 0

    def decode(self, content):
        if not content.endswith(b'\xff\xd9'):
            warnings.warn('Premature end of JPEG file', stacklevel=1)
        StandIn.used += 1
        return cv2.imdecode(np.frombuffer(content, np.uint8), 1 | 128)


@pytest.fixture(params=['stand-in', 'installed'])
def decoder(request, monkeypatch):
    turbo.get_turbo.cache_clear()
    if request.param == 'stand-in':
        module = types.ModuleType('turbojpeg')
        module.TurboJPEG = StandIn
        monkeypatch.setitem(sys.modules, 'turbojpeg', module)
    else:
        try:
            turbo.get_turbo()
        except ImportError as error:
            pytest.skip(str(error))
    yield 'turbojpeg'
    turbo.get_turbo.cache_clear()


def encode(mode='RGB', kind='JPEG', **options):
    rng = np.random.default_rng(0)
    grain = rng.integers(0, 256, (9, 12, 3), np.uint8)
    img = Image.fromarray(grain).resize((61, 47), Image.BICUBIC)
    buffer = io.BytesIO()
    img.convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    'content',
    [
        encode(),
        encode('L'),
        encode('CMYK'),
        encode(progressive=True, comment=mark_of((500, 375))),
        encode(kind='PNG'),
    ],
    ids=['colour', 'grey', 'cmyk', 'marked', 'png'],
)
def test_same_pixels_and_size(decoder, content):
    expected, size = decode_copy(content, 'a.jpg')
    found, found_size = decode_copy(content, 'a.jpg', decoder=decoder)
    assert found_size == size
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_it_is_used(decoder):
    before = StandIn.used
    assert isinstance(decode_copy(encode(), 'a', decoder=decoder)[1], tuple)
    library = turbo.get_turbo()
    assert StandIn.used == before + isinstance(library, StandIn)


@pytest.mark.parametrize('share', [0.1, 0.6, 0.95])
def test_a_truncated_file_is_refused(decoder, share, tmp_path):
    content = encode()
    path = tmp_path / 'cut.jpg'
    path.write_bytes(content[: int(share * len(content))])
    loader = LoadLocImage(decoder=decoder)
    with pytest.raises(UnreadableImageError, match='cut.jpg.*truncated'):
        loader(dict(img_path=str(path)))


def test_without_the_library(monkeypatch):
    turbo.get_turbo.cache_clear()
    monkeypatch.setitem(sys.modules, 'turbojpeg', None)
    with pytest.raises(ImportError, match=r'mmspg\[turbojpeg\]'):
        LoadLocImage(decoder='turbojpeg')
    with pytest.raises(ValueError, match="one of .'pillow', 'turbojpeg'"):
        LoadLocImage(decoder='opencv')
