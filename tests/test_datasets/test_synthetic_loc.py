import copy
import pickle

import numpy as np
import pytest
from torch.utils.data import DataLoader

from mmspg.datasets import SyntheticLoc
from mmspg.datasets.images.synthetic_drawing import VERSION, box_of, draw

LOAD = [dict(type='mmspg.LoadLocImage'), dict(type='mmspg.PackLocInputs')]


def test_items():
    data = SyntheticLoc('val', num_images=10)
    assert len(data) == 10
    assert len(data.metainfo['classes']) == 4
    assert data.get_gt_labels().tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    assert data.get_data_info(3)['img_id'] == 'val/000003'
    assert data.get_image(3).shape == (64, 64, 3)


def test_box_is_tight_round_the_mask():
    data = SyntheticLoc(num_images=20, side=48)
    for i in range(20):
        mask = data.get_mask(i)
        x0, y0, x1, y1 = data.get_data_info(i)['ori_gt_bboxes'][0].astype(int)
        assert mask[y0:y1, x0:x1].sum() == mask.sum()
        for edge in (
            mask[y0, x0:x1],
            mask[y1 - 1, x0:x1],
            mask[y0:y1, x0],
            mask[y0:y1, x1 - 1],
        ):
            assert edge.any()


def test_same_in_worker_processes():
    data = SyntheticLoc(num_images=8, pipeline=LOAD)

    def images(workers):
        loader = DataLoader(
            data, 4, num_workers=workers, collate_fn=lambda batch: batch
        )
        return [x['inputs'].numpy() for batch in loader for x in batch]

    np.testing.assert_array_equal(images(0), images(2))


def test_independent_of_the_others_and_of_global_randomness():
    a = SyntheticLoc(num_images=9).get_image(5)
    np.random.seed(1)  # noqa: NPY002
    b = SyntheticLoc(num_images=6, indices=[5]).get_image(0)
    np.testing.assert_array_equal(a, b)


def test_seed_split_and_index_make_the_image():
    images = [
        draw(*key, 64, 4).img.tobytes()
        for key in [
            (0, 'train', 0),
            (0, 'train', 1),
            (0, 'val', 0),
            (0, 'test', 0),
            (1, 'train', 0),
        ]
    ]
    assert len(set(images)) == 5


def test_the_drawing_is_frozen():
    # The comparison of methods relies on it: on a change of these numbers
    # count VERSION up, and measure anew.
    assert VERSION == 1
    drawing = draw(0, 'train', 0, 64, 4)
    assert box_of(drawing.mask).tolist() == [FROZEN_BOX]
    np.testing.assert_allclose(
        drawing.img.mean(axis=(0, 1)), FROZEN_MEAN, atol=0.05
    )


FROZEN_BOX = [16, 8, 40, 46]
FROZEN_MEAN = [120.276, 140.718, 109.929]


def test_classes_differ_in_the_mark_only():
    # the same fish, told to be of another species
    other = {k: draw(0, 'val', 0, 64, k) for k in (2, 3)}
    drawings = [draw(0, 'val', i, 64, 4) for i in range(200)]
    shares = [d.mark.sum() / d.mask.sum() for d in drawings]
    assert 0.03 < np.mean(shares) < 0.09  # a small part
    assert all((d.mask | ~d.mark).all() for d in drawings)  # of the fish
    np.testing.assert_array_equal(other[2].mask, other[3].mask)
    # without the mark the classes look the same on average
    means = np.array(
        [
            np.mean([d.img[d.mask & ~d.mark].mean() for d in drawings[k::4]])
            for k in range(4)
        ]
    )
    spread = np.std([d.img[d.mask & ~d.mark].mean() for d in drawings])
    assert np.ptp(means) < 4 * spread / np.sqrt(50)


def test_fish_is_large_and_inside():
    boxes = np.concatenate(
        [box_of(draw(0, 'val', i, 64, 4).mask) for i in range(200)]
    )
    assert boxes.min() >= 0
    assert boxes.max() <= 64
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) / 64**2
    assert 0.2 < area.mean() < 0.5
    assert area.min() > 0.05


def test_resolution_changes_the_pixels_not_the_scene():
    small = box_of(draw(0, 'val', 3, 64, 4).mask)
    large = box_of(draw(0, 'val', 3, 256, 4).mask)
    assert np.abs(large / 4 - small).max() <= 1


def test_indices_serialization_and_lazy_init():
    kwargs = dict(num_images=12, pipeline=LOAD)
    plain = SyntheticLoc(**kwargs, serialize_data=False)
    packed = SyntheticLoc(**kwargs)
    lazy = SyntheticLoc(**kwargs, lazy_init=True)
    assert not lazy._fully_initialized
    part = SyntheticLoc(**kwargs, indices=[7])
    for other, i in ((packed, 7), (lazy, 7), (part, 0)):
        one, two = plain[7], other[i]
        assert (one['inputs'] == two['inputs']).all()
    for clone in (copy.deepcopy(packed), pickle.loads(pickle.dumps(packed))):
        assert (clone[7]['inputs'] == plain[7]['inputs']).all()
    assert len(packed.get_subset([1, 2])) == 2


@pytest.mark.parametrize(
    'bad, message',
    [
        (dict(num_classes=1), 'num_classes must be 2 to 12'),
        (dict(side=8), 'side must be 16'),
        (dict(seed=-1), 'seed must be 0'),
        (dict(num_images=0), 'num_images must be 1'),
        (dict(split='dev'), "'train', 'val', 'test'"),
    ],
)
def test_bad_arguments(bad, message):
    with pytest.raises(ValueError, match=message):
        SyntheticLoc(**bad)
