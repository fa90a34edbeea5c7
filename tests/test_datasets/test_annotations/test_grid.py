"""Boxes come to the pixels of their image file, or the image is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from mmspg.datasets.annotations.grid import (
    BACK,
    OtherImageError,
    bring_to,
    turn_boxes,
)
from mmspg.datasets.images.headers import Header, read_header

pytestmark = pytest.mark.quick  # on both stacks

ORIENTATION = 0x0112


def save(path, img, orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    img.save(path, exif=exif)
    return path


def object_of(img):
    """The continuous corners of what is white."""
    ys, xs = np.nonzero(np.asarray(img.convert('L')) > 128)
    return [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]


@pytest.mark.parametrize('orientation', range(1, 9))
def test_boxes_turn_as_pillow_turns_pixels(tmp_path, orientation):
    stored = Image.new('RGB', (12, 7))
    stored.paste((255, 255, 255), (2, 1, 5, 3))
    path = save(tmp_path / 'a.png', stored, orientation)
    header = read_header(str(path))
    assert header == Header((12, 7), orientation)
    seen = ImageOps.exif_transpose(Image.open(path))
    assert header.size_on('seen') == seen.size
    box = np.float32([object_of(stored)])
    turned = bring_to('seen', box, None, header, 'a', 'stored')
    assert turned.tolist() == [object_of(seen)]
    back = bring_to('stored', turned, None, header, 'a', 'seen')
    assert back.tolist() == box.tolist()


@given(
    st.integers(1, 8),
    st.tuples(st.integers(9, 99), st.integers(9, 99)),
    st.lists(st.floats(0, 9), min_size=4, max_size=4),
)
def test_turning_back_undoes_turning(orientation, size, corners):
    box = np.sort(np.array(corners).reshape(2, 2), axis=0).reshape(1, 4)
    seen = Header(size, orientation).size_on('seen')
    turned = turn_boxes(box, size, orientation)
    back = turn_boxes(turned, seen, BACK.get(orientation, orientation))
    np.testing.assert_allclose(back, box, atol=1e-9)


def test_a_tiff_is_turned_by_pillow_itself(tmp_path):
    path = save(tmp_path / 'a.tif', Image.new('RGB', (12, 7)), 6)
    header = read_header(str(path))
    assert header.orientation == 1
    with Image.open(path) as img:
        img.load()
        assert img.size == header.size


@pytest.mark.parametrize('orientation', [0, 9, 'up'])
def test_an_orientation_that_is_none_turns_nothing(tmp_path, orientation):
    if isinstance(orientation, str):
        path = tmp_path / 'a.png'
        Image.new('RGB', (12, 7)).save(path)
    else:
        path = save(tmp_path / 'a.png', Image.new('RGB', (12, 7)), orientation)
    assert read_header(str(path)) == Header((12, 7), 1)


def test_what_is_no_image_has_no_header(tmp_path):
    (tmp_path / 'a.jpg').write_bytes(b'no image')
    assert read_header(str(tmp_path / 'a.jpg')) is None
    assert read_header(str(tmp_path / 'gone.jpg')) is None


TURNED = Header((40, 30), 6)  # seen as 30 x 40
BOX = np.float32([[4, 3, 8, 9]])


@pytest.mark.parametrize(
    'grid, annotated, expected',
    [
        ('seen', (30, 40), [4, 3, 8, 9]),
        ('stored', (40, 30), [4, 3, 8, 9]),
        # The size tells the other grid: y0, 30 - x1, y1, 30 - x0.
        ('stored', (30, 40), [3, 22, 9, 26]),
        # 30 - y1, x0, 30 - y0, x1.
        ('seen', (40, 30), [21, 4, 27, 8]),
        # Annotated at twice the size, and at a third of it, rounded.
        ('seen', (60, 80), [2, 1.5, 4, 4.5]),
        ('seen', (10, 13), [12, 120 / 13, 24, 360 / 13]),
    ],
)
def test_the_annotated_size_tells_grid_and_scale(grid, annotated, expected):
    found = bring_to(grid, BOX, annotated, TURNED, 'a.jpg')
    np.testing.assert_allclose(found, [expected], rtol=1e-6)


def test_the_exact_size_tells_the_grid_of_nearly_square_images():
    """Both grids have its proportions, up to the rounding of a pixel."""
    header = Header((41, 40), 6)  # seen as 40 x 41
    found = bring_to('seen', BOX, (41, 40), header, 'a.jpg')
    assert found.tolist() == [[31, 4, 37, 8]]  # 40 - y1, x0, 40 - y0, x1


# Not even 29 x 41, a pixel off at each side, has the proportions of 60 x 85.
@pytest.mark.parametrize(
    'annotated', [(40, 40), (300, 500), (40, 20), (60, 85)]
)
def test_out_of_proportion_is_refused(annotated):
    with pytest.raises(OtherImageError, match='a.jpg is 30 x 40 .*propor'):
        bring_to('seen', BOX, annotated, TURNED, 'a.jpg')
