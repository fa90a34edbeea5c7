"""Boxes, homography and pixels stay together through any composition."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mmcv import transforms as mmcv_transforms
from mmcv.transforms import Compose

from mmspg.datasets.transforms import (
    LoadLocImage,
    LocCenterCrop,
    LocCrop,
    LocRandomCrop,
    LocRandomFlip,
    LocResize,
    LocResizeEdge,
    PackLocInputs,
)
from mmspg.datasets.transforms.crop import POSITIONS

DIRECTIONS = ('horizontal', 'vertical', 'diagonal')


@st.composite
def image_and_box(draw, low=8, high=40):
    """A black image (h, w) with one white box of whole pixels."""
    w, h = draw(st.integers(low, high)), draw(st.integers(low, high))
    x0, y0 = draw(st.integers(0, w - 1)), draw(st.integers(0, h - 1))
    x1 = draw(st.integers(x0 + 1, w))
    y1 = draw(st.integers(y0 + 1, h))
    img = np.zeros((h, w, 3), np.uint8)
    img[y0:y1, x0:x1] = 255
    return img, np.float32([[x0, y0, x1, y1]])


flips = st.sampled_from(DIRECTIONS).map(lambda d: ('flip', d))
crops = st.tuples(
    st.just('crop'),
    st.sampled_from([*POSITIONS, 'random']),
    st.floats(0.4, 1),
    st.floats(0.4, 1),
)
resizes = st.tuples(st.just('resize'), st.integers(8, 60), st.integers(8, 60))
edges = st.tuples(
    st.just('edge'),
    st.sampled_from(['short', 'long', 'width', 'height']),
    st.integers(8, 60),
)
magnify = st.tuples(st.just('magnify'), st.integers(1, 3), st.integers(1, 3))


def build(step, shape, **resize):
    """Make the transform of a step for an image of ``shape`` (h, w)."""
    kind, *args = step
    h, w = shape
    if kind == 'flip':
        return LocRandomFlip(prob=1.0, direction=args[0])
    if kind == 'crop':
        size = max(1, int(h * args[1])), max(1, int(w * args[2]))
        if args[0] == 'random':
            return LocRandomCrop(size)
        return LocCrop(size, position=args[0])
    if kind == 'resize':
        return LocResize(scale=tuple(args), **resize)
    if kind == 'edge':
        return LocResizeEdge(scale=args[1], edge=args[0], **resize)
    return LocResize(
        scale=(w * args[0], h * args[1]),
        interpolation='nearest',
        backend='cv2',
    )


def run(img, boxes, steps, **resize):
    results = LoadLocImage()(dict(img=img.copy(), ori_gt_bboxes=boxes))
    for step in steps:
        results = build(step, results['img'].shape[:2], **resize)(results)
    return results


def white_box(img):
    """Continuous corners of the white pixels, or None."""
    ys, xs = np.nonzero(img[..., 0] > 127)
    if not len(ys):
        return None
    return np.float32([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1])


@given(image_and_box(), st.lists(flips | crops | magnify, max_size=5))
@settings(max_examples=150, deadline=None)
def test_white_pixels_are_in_the_box_exactly(drawn, steps):
    img, boxes = drawn
    results = run(img, boxes, steps)
    assume(max(results['img_shape']) < 3000)
    found, box = white_box(results['img']), results['gt_bboxes'][0]
    if found is None:  # cropped away: no area left
        assert (box[2:] - box[:2]).min() == 0
    else:
        np.testing.assert_array_equal(found, box)


@given(
    image_and_box(),
    st.lists(flips | crops, max_size=2),
    resizes | edges,
    st.lists(flips | crops, max_size=2),
    st.sampled_from(['cv2', 'pillow']),
)
@settings(max_examples=200, deadline=None)
def test_white_pixels_are_in_the_box_after_a_resize(
    drawn, before, resize, after, backend
):
    img, boxes = drawn
    results = run(img, boxes, [*before, resize, *after], backend=backend)
    box = results['gt_bboxes'][0]
    # a box thinner than the blur would fade away
    scale = np.abs(np.diag(results['homography'])[:2])
    assume((box[2:] - box[:2]).min() >= 3)
    assume(((box[2:] - box[:2]) / scale).min() >= 3)
    assert np.abs(white_box(results['img']) - box).max() <= 1


@given(
    image_and_box(),
    st.lists(flips | crops | resizes | edges | magnify, max_size=5),
)
@settings(max_examples=150, deadline=None)
def test_homography_maps_the_box(drawn, steps):
    img, boxes = drawn
    try:
        results = run(img, boxes, steps)
    except ValueError as error:
        if 'nothing is left of the other' in str(error):
            return  # too narrow for that resize
        raise
    h, w = results['img'].shape[:2]
    assert results['img_shape'] == (h, w)
    x0, y0, x1, y1 = boxes[0]
    corners = np.array([[x0, x1], [y0, y1], [1, 1]], np.float64)
    x, y, one = results['homography'] @ corners
    assert one.tolist() == [1, 1]
    expected = [min(x), min(y), max(x), max(y)]
    expected = np.clip(expected, 0, [w, h, w, h])
    np.testing.assert_allclose(
        results['gt_bboxes'][0], expected, atol=1e-3, rtol=1e-5
    )
    # and packing agrees that the boxes followed
    packed = PackLocInputs()(results)['data_samples']
    np.testing.assert_array_equal(packed.ori_gt_bboxes.numpy(), boxes)


def test_resize_by_hand():
    img = np.zeros((100, 200, 3), np.uint8)
    boxes = np.float32([[20, 10, 120, 60], [0, 0, 200, 100]])
    results = run(img, boxes, [('resize', 50, 50)])
    expected = [[5, 5, 30, 30], [0, 0, 50, 50]]
    assert results['gt_bboxes'].tolist() == expected
    assert results['homography'].tolist() == [
        [0.25, 0, 0],
        [0, 0.5, 0],
        [0, 0, 1],
    ]


def test_short_side_as_the_authors():
    results = run(
        np.zeros((375, 500, 3), np.uint8),
        np.float32([[0, 0, 500, 375]]),
        [('edge', 'short', 356)],
    )
    assert results['img_shape'] == (356, 474)  # 356 * 500 / 375, floored
    assert results['gt_bboxes'].tolist() == [[0, 0, 474, 356]]


@pytest.mark.parametrize(
    'position, corner',
    [
        ('top_left', (0, 0)),
        ('top_right', (0, 4)),
        ('bottom_left', (2, 0)),
        ('bottom_right', (2, 4)),
        ('center', (1, 2)),
    ],
)
def test_five_crops(position, corner):
    img = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
    results = LocCrop(4, position)(LoadLocImage()(dict(img=img)))
    top, left = corner
    np.testing.assert_array_equal(
        results['img'], img[top : top + 4, left : left + 4]
    )


def test_center_crop_is_the_center_position():
    img = np.random.default_rng(0).integers(0, 255, (9, 12, 3), np.uint8)
    one = LocCenterCrop((4, 5))(LoadLocImage()(dict(img=img)))
    two = LocCrop((4, 5), 'center')(LoadLocImage()(dict(img=img)))
    np.testing.assert_array_equal(one['img'], two['img'])
    assert one['img'].shape == (4, 5, 3)


def test_crop_larger_than_the_image_is_refused():
    results = LoadLocImage()(dict(img=np.zeros((30, 40, 3), np.uint8)))
    with pytest.raises(ValueError, match='30 x 40 .* smaller than the crop'):
        LocRandomCrop(32)(results)


def test_unknown_position_lists_the_known_ones():
    with pytest.raises(ValueError, match='bottom_left.*center.*top_right'):
        LocCrop(4, 'middle')


def test_flip_probability_zero_and_one_as_integers():
    img = np.zeros((4, 6, 3), np.uint8)
    boxes = np.float32([[0, 0, 2, 3]])
    for prob, expected in ((0, [0, 0, 2, 3]), (1, [4, 0, 6, 3])):
        results = LoadLocImage()(dict(img=img, ori_gt_bboxes=boxes))
        results = LocRandomFlip(prob=prob)(results)
        assert results['gt_bboxes'][0].tolist() == expected


def test_ten_crops_under_test_time_aug():
    crops = [LocCrop(4, position) for position in POSITIONS]
    tta = mmcv_transforms.TestTimeAug(
        transforms=[
            crops,
            [LocRandomFlip(prob=1.0), LocRandomFlip(prob=0.0)],
            [PackLocInputs()],
        ]
    )
    img = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
    boxes = np.float32([[0, 0, 8, 6]])
    out = Compose([LoadLocImage(), tta])(
        dict(img=img, ori_gt_bboxes=boxes, gt_label=1)
    )
    assert len(out['inputs']) == 10
    views = {x.numpy().tobytes() for x in out['inputs']}
    assert len(views) == 10
    for sample in out['data_samples']:
        assert sample.gt_bboxes.tolist() == [[0, 0, 4, 4]]
    first, second = (s.homography.tolist() for s in out['data_samples'][:2])
    assert first[0] == [-1, 0, 4]
    assert second[0] == [1, 0, 0]
