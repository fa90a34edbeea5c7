"""A pipeline whose boxes would silently be wrong does not run."""

import numpy as np
import pytest
from mmcv.transforms import Compose
from mmpretrain.registry import TRANSFORMS

from mmspg.datasets import SyntheticLoc
from mmspg.datasets.transforms import (
    LoadLocImage,
    LocTransform,
    PackLocInputs,
    check_pipeline,
)

pytestmark = pytest.mark.quick  # on both stacks

LOAD, PACK = dict(type='mmspg.LoadLocImage'), dict(type='mmspg.PackLocInputs')
FOREIGN = [
    (dict(type='Resize', scale=(30, 30)), 'LocResize'),
    (dict(type='ResizeEdge', scale=30), 'LocResizeEdge'),
    (dict(type='RandomCrop', crop_size=30), 'LocRandomCrop'),
    (dict(type='CenterCrop', crop_size=30), 'LocCenterCrop'),
    (dict(type='RandomFlip', prob=1.0), 'LocRandomFlip'),
    (dict(type='RandomResizedCrop', scale=30), 'LocResize, .*LocRandomCrop'),
    (dict(type='EfficientNetCenterCrop', crop_size=30), 'LocCenterCrop'),
    (dict(type='Rotate', angle=30.0, prob=1.0), 'Rotate .*Remove it'),
    (dict(type='Shear', magnitude=0.3, prob=1.0), 'Shear .*Remove it'),
    (dict(type='Translate', magnitude=0.3, prob=1.0), 'Translate .*Remove'),
    (
        dict(
            type='RandAugment',
            policies='timm_increasing',
            num_policies=2,
            magnitude_level=9,
        ),
        'RandAugment .*Remove it',
    ),
    (dict(type='torchvision/RandomRotation', degrees=10), 'Remove it'),
]
IDS = [c['type'] for c, _ in FOREIGN]


def build(*cfgs):
    return [TRANSFORMS.build(dict(cfg)) for cfg in cfgs]


@pytest.mark.parametrize('foreign, named', FOREIGN, ids=IDS)
def test_dataset_refuses_and_names_the_replacement(foreign, named):
    with pytest.raises(ValueError, match=f'packs boxes, but .*{named}'):
        SyntheticLoc(num_images=2, pipeline=[LOAD, dict(foreign), PACK])


@pytest.mark.parametrize('foreign, named', FOREIGN, ids=IDS)
def test_wrappers_hide_nothing(foreign, named):
    wrapped = dict(type='RandomApply', transforms=[dict(foreign)], prob=0.5)
    tta = dict(type='TestTimeAug', transforms=[[wrapped], [dict(PACK)]])
    with pytest.raises(ValueError, match=named):
        check_pipeline(build(LOAD, tta))


# What changes the shape, or moves boxes, cannot pass at run time either,
# wherever the pipeline was built.
@pytest.mark.parametrize('foreign, named', FOREIGN[:7], ids=IDS[:7])
def test_packing_refuses_at_run_time(foreign, named):
    pipeline = Compose(build(LOAD, foreign, PACK))
    results = dict(
        img=np.zeros((40, 60, 3), np.uint8),
        ori_gt_bboxes=np.float32([[1, 2, 15, 36]]),
    )
    with pytest.raises(ValueError, match='mmspg.Loc'):
        pipeline(results)


def test_colours_may_change():
    check_pipeline(
        build(
            LOAD,
            dict(type='ColorJitter', brightness=0.4),
            dict(type='GaussianBlur', radius=1.0),
            dict(type='RandomErasing'),
            PACK,
        )
    )


def test_pipeline_without_boxes_may_do_what_it_likes():
    pipeline = [
        dict(type='LoadImageFromFile'),
        dict(type='ResizeEdge', scale=30),
        dict(type='PackInputs'),
    ]
    check_pipeline(build(*pipeline))


@pytest.mark.parametrize('keys', ['algorithm_keys', 'meta_keys'])
def test_stock_packing_of_boxes_is_refused(keys):
    pack = dict(type='PackInputs', **{keys: ('gt_bboxes',)})
    with pytest.raises(ValueError, match='PackInputs .*mmspg.PackLocInputs'):
        check_pipeline(build(LOAD, pack))


class Darken:
    def __call__(self, results):
        results['img'] = results['img'] // 2
        return results


class HonestDarken(Darken):
    keeps_geometry = True


class LocTranspose(LocTransform):
    """A transform of one's own, by the documented way."""

    def __call__(self, results):
        return self.transform(results)

    def step(self, results):
        results['img'] = results['img'][::-1]
        return np.diag([1.0, -1.0, 1.0]) + [
            [0, 0, 0],
            [0, 0, results['img'].shape[0]],
            [0, 0, 0],
        ]


def test_own_transforms():
    with pytest.raises(ValueError, match='Darken .*keeps_geometry = True'):
        check_pipeline([LoadLocImage(), Darken(), PackLocInputs()])
    own = [LoadLocImage(), HonestDarken(), LocTranspose(), PackLocInputs()]
    check_pipeline(own)
    out = Compose(own)(
        dict(
            img=np.zeros((40, 60, 3), np.uint8),
            ori_gt_bboxes=np.float32([[1, 2, 15, 36]]),
        )
    )
    assert out['data_samples'].gt_bboxes.tolist() == [[1, 4, 15, 38]]


def test_pack_without_our_loader():
    results = dict(img=np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(ValueError, match="Begin .*'mmspg.LoadLocImage'"):
        PackLocInputs()(results)


def test_packed_fields():
    item = SyntheticLoc(num_images=6, pipeline=[LOAD, PACK])[5]
    sample = item['data_samples']
    assert item['inputs'].shape == (3, 64, 64)
    assert sample.gt_label.tolist() == [1]
    assert sample.img_id == 'train/000005'
    assert sample.sample_idx == 5
    assert sample.ori_shape == sample.img_shape == (64, 64)
    assert sample.homography.tolist() == np.eye(3).tolist()
    assert str(sample.gt_bboxes.dtype) == 'torch.float32'
    assert sample.gt_bboxes.tolist() == sample.ori_gt_bboxes.tolist()
