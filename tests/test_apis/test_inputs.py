"""What an inferencer takes from a folder, and boxes of reduced images."""

import io
import threading
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler

import numpy as np
import pytest
import torch
from PIL import Image

from mmspg.apis.inputs import list_inputs, load_inputs, on_whole_image
from mmspg.datasets.images.reading import LIMIT


def save(path, size=(8, 6)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new('RGB', size, 'red').save(path, 'JPEG')


def names(folder):
    return [info['img_id'] for info, _ in load_inputs(*list_inputs(folder))]


def test_a_folder_is_walked_as_everywhere(tmp_path, capsys):
    for name in ('a.JFIF', 'b', 'c/d.JPE', '.cache/e.jpg', '@eaDir/f.jpg'):
        save(tmp_path / name)
    (tmp_path / 'notes.txt').write_text('no image')
    (tmp_path / 'page.jpg').write_text('<html>404</html>')
    assert names(tmp_path) == ['a.JFIF', 'b', 'c/d.JPE', 'page.jpg']
    faults = [error for _, error in load_inputs(*list_inputs(tmp_path))]
    assert [bool(fault) for fault in faults] == [False, False, False, True]
    said = capsys.readouterr().err
    for line in (
        '(hidden): .cache',
        'a program): @eaDir',
        '): notes.txt',
    ):
        assert line in said


def test_earlier_results_are_no_inputs(tmp_path):
    save(tmp_path / 'a.jpg')
    save(tmp_path / 'located/pictures/a.png')
    inputs = list_inputs(tmp_path, leave_out=[tmp_path / 'located/pictures'])
    assert [info['img_id'] for info, _ in load_inputs(*inputs)] == ['a.jpg']


def test_a_folder_without_an_image_says_what_it_has(tmp_path):
    (tmp_path / 'notes.txt').write_text('no image')
    with pytest.raises(FileNotFoundError, match='no image .*\n.*notes.txt'):
        list_inputs(tmp_path)


def test_boxes_of_a_reduced_image_are_in_its_own_pixels(tmp_path, monkeypatch):
    save(tmp_path / 'large.jpg', (80, 60))
    monkeypatch.setenv(LIMIT, '1200')
    ((info, _),) = load_inputs(*list_inputs(tmp_path))
    assert info['img'].shape == (30, 40, 3)
    boxes = [[3, 4, 10, 20], [0, 0, 39, 29], [0, 0, 0, 0]]
    location = dict(box=boxes[0], boxes=boxes)
    result = dict(size=(40, 30), box=boxes[0], locations=[location])
    result = on_whole_image(result, info)
    assert result['size'] == (80, 60)
    assert result['box'] == result['locations'][0]['box'] == [6, 8, 21, 41]
    assert result['locations'][0]['boxes'][1:] == [[0, 0, 79, 59], [0] * 4]


def test_other_results_stay(tmp_path):
    result = dict(size=(8, 6), box=[0, 0, 3, 3], locations=[])
    info = dict(img=np.zeros((6, 8, 3), np.uint8))
    assert on_whole_image(dict(result), info) == result


def pixels(inputs, **options):
    [(info, error)] = load_inputs(*list_inputs(inputs), **options)
    assert error is None
    return info['img']


@pytest.fixture
def photo(tmp_path):
    """A PNG of random colours, and its pixels in R, G, B."""
    rgb = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    path = tmp_path / 'a photo.png'
    Image.fromarray(rgb).save(path)
    return path, rgb


def test_images_in_memory_are_the_file(photo):
    path, rgb = photo
    chw = torch.from_numpy(rgb).permute(2, 0, 1)
    with open(path, 'rb') as file:
        content = file.read()
        file.seek(0)
        given = [
            path,
            path.as_uri(),
            content,
            bytearray(content),
            io.BytesIO(content),
            file,
            Image.open(path),
            rgb[..., ::-1],
            chw,
            chw.double() / 255,
        ]
        for one in given:
            found = pixels(one)
            assert np.array_equal(found, rgb[..., ::-1]), type(one)
            assert found.dtype == np.uint8
            assert found.flags.c_contiguous
        file.seek(0)
        given[4].seek(0)
        several = list(load_inputs(*list_inputs(given)))
    assert len(several) == len(given)
    assert all(
        np.array_equal(info['img'], rgb[..., ::-1]) for info, _ in several
    )
    assert np.array_equal(pixels(rgb, channel_order='rgb'), rgb[..., ::-1])
    batch = list(load_inputs(*list_inputs(torch.stack([chw, chw]))))
    assert [info['img'].shape for info, _ in batch] == [rgb.shape] * 2
    grey = torch.from_numpy(rgb[..., 0])[None]
    assert np.array_equal(pixels(grey), rgb[..., [0, 0, 0]])


def test_an_address_is_fetched(photo, tmp_path):
    path, rgb = photo
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with HTTPServer(('127.0.0.1', 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            address = f'http://127.0.0.1:{server.server_port}'
            found = pixels(f'{address}/a%20photo.png')
            [(_, error)] = load_inputs(*list_inputs(f'{address}/b.png'))
        finally:
            server.shutdown()
            thread.join()
    assert np.array_equal(found, rgb[..., ::-1])
    assert 'b.png' in str(error)


def test_exif_and_transparency_of_pillows_images_are_seen(photo):
    _, rgb = photo
    turned = Image.fromarray(rgb)
    turned.getexif()[0x112] = 6  # to be turned to the right by 90 degrees
    assert np.array_equal(pixels(turned), np.rot90(rgb, -1)[..., ::-1])
    clear = Image.new('RGBA', (2, 2), (255, 0, 0, 0))
    assert not np.array_equal(pixels(clear)[0, 0], (0, 0, 255))


@pytest.mark.parametrize(
    'item, error, said',
    [
        (torch.randn(3, 4, 4) - 9, ValueError, 'before it is normalised'),
        (torch.zeros(4, 4, 3), ValueError, r'\(3, h, w\)'),
        (torch.full((3, 4, 4), torch.nan), ValueError, 'values from nan'),
        (torch.zeros(3, 0, 4), ValueError, r'\(3, 0, 4\)'),
        (io.StringIO('text'), TypeError, "'rb'"),
        ([None], TypeError, 'input 0: .*NoneType'),
    ],
)
def test_what_is_no_image_is_refused(item, error, said):
    with pytest.raises(error, match=said):
        list(load_inputs(*list_inputs(item)))


def test_channel_order_is_checked():
    with pytest.raises(ValueError, match="'bgr' or 'rgb', got 'RGB'"):
        list(load_inputs([], channel_order='RGB'))


def test_broken_bytes_are_an_unreadable_image():
    [(info, error)] = load_inputs(*list_inputs(b'no image'))
    assert isinstance(error, OSError)
    assert 'input 0' in str(error)
    assert 'img' not in info
