"""Faster predictions are the same predictions."""

import numpy as np
import pytest
import torch
from mmpretrain import get_model
from torch.nn.modules.batchnorm import _BatchNorm

from mmspg.apis import LocalizationInferencer
from mmspg.apis.fast import make_fast

pytestmark = pytest.mark.filterwarnings('ignore')


@pytest.fixture(scope='module')
def photos():
    rng = np.random.default_rng(0)
    return list(rng.integers(0, 256, (3, 40, 60, 3), dtype=np.uint8))


def assert_same(find, fast, photos, **kwargs):
    kwargs.update(progress=False, return_score_maps=True)
    pairs = zip(find(photos, **kwargs), fast(photos, **kwargs), strict=True)
    for one, other in pairs:
        assert one['pred_label'] == other['pred_label']
        np.testing.assert_allclose(
            one['pred_scores'], other['pred_scores'], atol=1e-5
        )
        np.testing.assert_allclose(
            one['score_map'], other['score_map'], atol=1e-3
        )
        np.testing.assert_allclose(one['box'], other['box'], atol=1)


@pytest.mark.parametrize('fast', [True, {}, dict(fold_bn=False)])
def test_same_boxes(files, photos, fast):
    find = LocalizationInferencer(*files, threshold=0.6)
    quick = LocalizationInferencer(*files, threshold=0.6, fast=fast)
    layers = {type(m) for m in quick.model.modules()}
    folded = not any(issubclass(layer, _BatchNorm) for layer in layers)
    assert folded is (fast != dict(fold_bn=False))
    assert_same(find, quick, photos, batch_size=2)
    sample = quick(photos[0], return_datasamples=True, progress=False)[0]
    assert sample.score_map.is_inference()


def test_parts_are_compiled_and_names_stay(files, photos):
    find = LocalizationInferencer(*files, threshold=0.6)
    settings = dict(backend='aot_eager')
    quick = LocalizationInferencer(
        *files, threshold=0.6, fast=dict(compile=settings)
    )
    assert_same(find, quick, photos[:1])
    # The tail has been compiled, what nobody asked for has not.
    assert quick.model.neck.a3._compiled_call_impl is not None
    assert 'neck.a3.conv1.weight' in quick.model.state_dict()


def test_side_branches_are_not_computed(files, photos):
    quick = LocalizationInferencer(*files, threshold=0.6, fast=True)
    called = []
    for name, layer in quick.model.named_modules():
        layer.register_forward_hook(lambda *_, name=name: called.append(name))
    quick(photos[0], progress=False)
    assert any(name.startswith('neck.a3') for name in called)
    assert not [name for name in called if name.startswith('neck.spg_')]


def test_attributions_need_the_layers_as_trained(root):
    config = root / 'configs/baselines/backprop_googlenet_imagenet.py'
    with torch.device('meta'):
        model = get_model(str(config))
    with pytest.raises(ValueError, match='without `fast`'):
        make_fast(model)
