"""Proposals: read, searched, and maps chosen by them."""

import json

import cv2
import numpy as np
import pytest

from mmspg.evaluation import LocalizationMetric
from mmspg.evaluation.map_choice import Comparison, Reading, choose, chosen
from mmspg.evaluation.proposals import (
    agreement,
    proposals_of,
    read_proposals,
    selective_search,
    strangers,
    usable,
)


def test_specks_and_the_whole_image_are_left_out():
    boxes = np.array(
        [[0, 0, 99, 49], [0, 0, 4, 4], [10, 10, 59, 39], [0, 0, 99, 44]]
    )
    assert usable(boxes, (100, 50)).tolist() == [
        boxes[2].tolist(),
        [0, 0, 99, 44],
    ]


@pytest.mark.parametrize(
    'content, words',
    [
        ('[]', 'it is a list'),
        ('{"a": [[1, 2, 3]]}', "image 'a' has a row"),
        ('{"b": [[5, 5, 4, 9]]}', "image 'b' has a row"),
        ('{"c": [["x", 1, 2, 3]]}', "image 'c' has a row"),
        ('{"d": ', 'not a file of proposals'),
    ],
)
def test_a_file_of_something_else_is_named(tmp_path, content, words):
    path = tmp_path / 'boxes.json'
    path.write_text(content)
    with pytest.raises(ValueError, match=words) as error:
        read_proposals(path)
    assert str(path) in str(error.value)


def test_a_missing_file_has_a_remedy(tmp_path):
    with pytest.raises(FileNotFoundError, match='selective-search'):
        read_proposals(tmp_path / 'no.json')


def test_images_without_proposals_are_named(tmp_path):
    path = tmp_path / 'boxes.json'
    path.write_text(json.dumps({'a': [[1, 1, 8, 8]], 'b': [[0, 0, 9, 9]]}))
    given = read_proposals(path)
    images = [dict(img_id=name, ori_shape=(10, 10)) for name in 'ab']
    assert proposals_of(images[:1], given)[0].tolist() == [[1, 1, 8, 8]]
    with pytest.raises(ValueError, match='1 of 2 images .*: b'):
        proposals_of(images, given)
    with pytest.raises(ValueError, match="file has 'a', .* image is 'a.jpg'"):
        proposals_of([dict(img_id='a.jpg', ori_shape=(10, 10))], given)


def test_selective_search():
    if not hasattr(cv2, 'ximgproc'):
        with pytest.raises(ImportError, match='opencv-contrib-python'):
            selective_search(np.zeros((8, 8, 3), np.uint8))
        return
    image = np.full((60, 80, 3), 60, np.uint8)
    image[15:45, 20:55] = (20, 30, 200)
    boxes = selective_search(image)
    gaps = np.abs(boxes - [20, 15, 54, 44]).max(axis=1)
    assert gaps.min() <= 2


def test_agreement_is_counted_beyond_chance():
    boxes = np.array([[0, 0, 9, 9], [5, 5, 14, 14], [40, 0, 49, 9]])
    own = np.array([[0, 0, 9, 10], [5, 5, 14, 14]])
    others = [np.array([[0, 0, 9, 9]]), np.array([[30, 30, 40, 40]])]
    found = agreement(boxes, own, others)
    np.testing.assert_allclose(found, [0.5, 1, 0])


def test_proposals_of_others_are_scaled_to_the_image():
    sizes = [(10 * i, 20 * i) for i in range(1, 8)]
    own = [np.array([[0.0, 0, w / 2, h]]) for w, h in sizes]
    for i, others in enumerate(strangers(own, sizes)):
        assert len(others) == 5
        for one in others:
            np.testing.assert_allclose(one, own[i])
    assert strangers(own[:1], sizes[:1]) == [[]]


def test_the_map_whose_boxes_are_proposals_is_chosen():
    """No true box is there to look at."""
    rng = np.random.default_rng(0)
    images, proposals = [], []
    for _ in range(30):
        x, y = rng.integers(2, 9, 2)
        good, bad = np.zeros((2, 20, 20), np.float32)
        good[y : y + 9, x : x + 9] = 1
        good += 0.3 * rng.random((20, 20), np.float32)
        bad[y : y + 3, :] = 1
        images.append(
            dict(
                maps=dict(bad=bad, good=good),
                ori_shape=(20, 20),
                img_shape=(20, 20),
            )
        )
        proposals.append(np.array([[x, y, x + 8, y + 8], [0, 0, 3, 12]]))
    comparison = Comparison(images, LocalizationMetric(20), proposals)
    start = Reading.of('bad', [])
    best = chosen(choose(comparison, start), start)
    assert best.source == 'good'
    figure, threshold = comparison.figure(best)
    assert figure > 60
    assert 0.2 <= threshold < 1
    assert comparison.figure_at(best, threshold) == pytest.approx(figure)
