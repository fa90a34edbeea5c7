"""A resize by PyTorch is that of Pillow, up to one grey level."""

import numpy as np
import pytest
from mmpretrain.registry import TRANSFORMS
from PIL import Image

from mmspg.datasets import LocResize
from mmspg.datasets.transforms.geometry import SHAPE_KEY
from mmspg.datasets.transforms.resize import torch_resize

BOXES = np.array([[3, 4, 20, 16], [0, 0, 9, 9.5]], np.float32)


def loaded(w, h, seed=0):
    rng = np.random.default_rng(seed)
    return dict(
        img=rng.integers(0, 256, (h, w, 3), np.uint8),
        gt_bboxes=np.clip(BOXES, 0, [w, h, w, h]),
        homography=np.diag([0.5, 0.5, 1.0]),
        **{'img_shape': (h, w), SHAPE_KEY: (h, w)},
    )


@pytest.mark.parametrize('size', [(500, 375), (90, 211)])
def test_pytorch_resizes_as_pillow_does(size):
    img = loaded(*size)['img']
    expected = np.asarray(
        Image.fromarray(img).resize((64, 48), Image.Resampling.BILINEAR)
    )
    found = torch_resize(img, (64, 48))
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    'cfg',
    [
        dict(type='mmspg.LocResize', scale=(48, 32)),
        dict(type='mmspg.LocResizeEdge', scale=30),
    ],
)
def test_boxes_follow_a_resize_by_pytorch(cfg):
    by = [TRANSFORMS.build(dict(cfg, backend=b)) for b in ('pillow', 'torch')]
    one, two = (transform.transform(loaded(90, 77)) for transform in by)
    assert one['img_shape'] == two['img_shape'] == two['img'].shape[:2]
    assert np.array_equal(one['gt_bboxes'], two['gt_bboxes'])
    assert np.array_equal(one['homography'], two['homography'])


def test_pytorch_keeps_no_ratio():
    resize = LocResize((20, 30), backend='torch', keep_ratio=True)
    with pytest.raises(ValueError, match="backend='pillow'"):
        resize.transform(loaded(50, 40))
