"""Pictures on a sheet: each is there, whole, in reading order."""

import numpy as np
import pytest

from mmspg.visualization import draw_sheet


def picture(height, width, value):
    return np.full((height, width, 3), value, np.uint8)


def test_pictures_of_unequal_size():
    pictures = [picture(4, 6, 1), picture(8, 3, 2), picture(5, 9, 3)]
    sheet = draw_sheet(pictures, columns=2, gap=2)
    assert sheet.shape == (8 + 2 + 5, 9 + 2 + 3, 3)
    for value, (top, left) in {1: (0, 1), 2: (0, 11), 3: (10, 0)}.items():
        rows, columns = np.nonzero(sheet[..., 0] == value)
        assert (rows.min(), columns.min()) == (top, left)
        assert len(rows) == pictures[value - 1][..., 0].size
    others = sheet[(sheet != 1) & (sheet != 2) & (sheet != 3)]
    assert (others == 255).all()


def test_fewer_pictures_than_columns():
    assert draw_sheet([picture(4, 6, 1)], columns=3).shape == (4, 6, 3)


@pytest.mark.parametrize(
    'pictures, columns', [([], 2), ([picture(1, 1, 0)], 0)]
)
def test_nothing_to_draw(pictures, columns):
    with pytest.raises(ValueError, match='at least one picture'):
        draw_sheet(pictures, columns)
