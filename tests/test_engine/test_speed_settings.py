"""bfloat16, TF32, folding and channels last where they are asked for."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import nn

from mmspg.engine import (
    Bfloat16OptimWrapper,
    CompileHook,
    FoldBatchNormHook,
    TF32Hook,
)
from mmspg.models import ChannelsLastPreprocessor

pytestmark = pytest.mark.quick


def wrapper(model, **kwargs):
    return Bfloat16OptimWrapper(
        torch.optim.SGD(model.parameters(), lr=0.1), **kwargs
    )


def test_bfloat16_only_where_it_pays():
    layer, x = nn.Linear(4, 4), torch.rand(2, 4)
    with wrapper(layer).optim_context(layer):
        assert layer(x).dtype == torch.float32
    with wrapper(layer, devices=('cpu',)).optim_context(layer):
        assert layer(x).dtype == torch.bfloat16
    assert layer(x).dtype == torch.float32


def test_bfloat16_trains_float32_weights():
    layer = nn.Linear(4, 1)
    before = layer.weight.clone()
    optim = wrapper(layer, devices=('cpu',), accumulative_counts=1)
    with optim.optim_context(layer):
        loss = layer(torch.ones(2, 4)).mean()
    optim.update_params(loss)
    assert layer.weight.dtype == torch.float32
    torch.testing.assert_close(layer.weight, before - 0.1)


@pytest.mark.parametrize('enabled', [True, False])
def test_tf32_is_set_for_both(enabled):
    before = (
        torch.get_float32_matmul_precision(),
        torch.backends.cudnn.allow_tf32,
    )
    try:
        TF32Hook(enabled).before_run(SimpleNamespace())
        assert torch.backends.cudnn.allow_tf32 is enabled
        assert torch.backends.cuda.matmul.allow_tf32 is enabled
    finally:
        torch.set_float32_matmul_precision(before[0])
        torch.backends.cudnn.allow_tf32 = before[1]


def test_layout_changes_and_nothing_else():
    settings = dict(mean=[1, 2, 3], std=[4, 5, 6], to_rgb=True)
    images = torch.randint(0, 256, (2, 3, 8, 6), dtype=torch.uint8)

    def run(cls, **kwargs):
        samples = [DataSample().set_gt_label(i) for i in range(2)]
        data = dict(inputs=list(images), data_samples=samples)
        return cls(**settings, **kwargs)(data, training=True)['inputs']

    plain = run(MODELS.get('ClsDataPreprocessor'))
    for devices, expected in (('cuda',), False), (('cpu',), True):
        out = run(ChannelsLastPreprocessor, devices=devices)
        assert torch.equal(out, plain)
        layout = out.is_contiguous(memory_format=torch.channels_last)
        assert layout is expected


def test_layout_reaches_the_last_layer(root):
    """Each layer hands on what it is given, pools and joins included."""
    cfg = Config.fromfile(root / 'configs/spg_inceptionv3_imagenet.py').model
    cfg.backbone.init_cfg = None
    model = MODELS.build(cfg).eval()
    images = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        for layout in (torch.channels_last, torch.contiguous_format):
            feats = model.extract_feat(images.contiguous(memory_format=layout))
            assert all(f.is_contiguous(memory_format=layout) for f in feats)


def test_folding_before_a_test_and_not_before_a_validation():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    model[1].running_mean.normal_()
    x = torch.rand(1, 3, 8, 8)
    with torch.no_grad():
        before = model.eval()(x)
    model.train()  # as a runner's is until its loop begins
    runner, hook = SimpleNamespace(model=model), FoldBatchNormHook()
    hook.before_val(runner)
    assert isinstance(model[1], nn.BatchNorm2d)
    hook.before_test(runner)
    assert isinstance(model[1], nn.Identity)
    with torch.no_grad():
        torch.testing.assert_close(model(x), before)


def test_a_compiled_training_step_with_its_optimizer(root):
    """Of two groups of lr, as all configs have; names and weights stay."""
    cfg = Config.fromfile(root / 'configs/spg_tiny_synthetic.py')
    cfg.model.neck.dropout, cfg.model.head.guidance_ramp = 0.0, None
    images = list(torch.rand(2, 3, 56, 56) * 255)
    after = []
    for compiled in (False, True):
        torch.manual_seed(0)
        model = MODELS.build(cfg.model).train()
        model.init_weights()
        if compiled:
            hook = CompileHook(backend='aot_eager')
            hook.before_train(SimpleNamespace(model=model))
        optim = build_optim_wrapper(model, cfg.optim_wrapper)
        assert len({group['lr'] for group in optim.param_groups}) > 1
        samples = [DataSample().set_gt_label(i) for i in (0, 2)]
        for _ in range(2):
            batch = dict(inputs=images, data_samples=samples)
            model.train_step(batch, optim)
        after.append(model.state_dict())
    assert model.backbone._compiled_call_impl is not None
    assert list(after[0]) == list(after[1])
    for name, value in after[0].items():
        torch.testing.assert_close(after[1][name], value, msg=name)


def test_merged_groups_take_the_same_step():
    cfg = dict(
        optimizer=dict(type='AdamW', lr=0.1, weight_decay=0.01),
        paramwise_cfg=dict(custom_keys={'1': dict(lr_mult=10)}),
    )
    merged = dict(cfg, constructor='mmspg.MergedGroupsConstructor')
    steps = []
    for settings in (cfg, merged):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 1))
        optim = build_optim_wrapper(net, settings)
        for _ in range(3):
            optim.update_params(net(torch.ones(2, 3)).sum())
        steps.append((len(optim.optimizer.param_groups), net.state_dict()))
    (many, wanted), (few, ours) = steps
    assert (many, few) == (6, 2)
    for name, weight in wanted.items():
        assert torch.equal(ours[name], weight)
