"""What an inferencer takes from a folder, and boxes of reduced images."""

import numpy as np
import pytest
from PIL import Image

from mmspg.apis.inputs import list_inputs, load_inputs, on_whole_image
from mmspg.datasets.images import LIMIT


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
    for line in ('hidden: 1: .cache', 'a program: 1: @eaDir', '1: notes.txt'):
        assert line in said


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
