"""ADL: how often it drops, what it drops, and nothing at test."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmpretrain.registry import MODELS

from mmspg.models import ADL


def features(seed=0, n=3):
    return torch.rand(
        n, 4, 5, 6, generator=torch.Generator().manual_seed(seed)
    )


def masked(x, threshold):
    """The masked features, cell by cell."""
    out = x.clone()
    for n in range(len(x)):
        mean = x[n].mean(0)
        out[n, :, mean >= threshold * mean.max()] = 0
    return out


@given(seed=st.integers(0, 10**6), threshold=st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_the_two_answers(seed, threshold):
    x = features(seed)
    drop = ADL(drop_rate=1, drop_threshold=threshold).train()(x)
    torch.testing.assert_close(drop, masked(x, threshold))
    stress = ADL(drop_rate=0, drop_threshold=threshold).train()(x)
    torch.testing.assert_close(stress, x * x.mean(1, keepdim=True).sigmoid())


@pytest.mark.parametrize('rate', [0.25, 0.75])
@pytest.mark.parametrize('seed', [0, 1, 2])
def test_it_drops_at_its_rate(rate, seed):
    torch.manual_seed(seed)
    layer, x = ADL(drop_rate=rate).train(), features()
    drops = [bool((layer(x) == 0).any()) for _ in range(1000)]
    assert abs(sum(drops) / 1000 - rate) < 0.055  # 4 standard deviations


def test_the_peak_is_dropped_and_the_rest_stays():
    x = features()
    out = ADL(drop_rate=1, drop_threshold=0.9).train()(x)
    for n in range(len(x)):
        peak = x[n].mean(0).flatten().argmax()
        assert (out[n].flatten(1)[:, peak] == 0).all()
        kept = out[n] != 0
        assert torch.equal(out[n][kept], x[n][kept])
        assert kept.any()


def test_nothing_happens_at_test():
    layer, x = ADL(drop_rate=1, drop_threshold=0).eval(), features()
    assert layer(x) is x


@pytest.mark.parametrize('name', ['drop_rate', 'drop_threshold'])
@pytest.mark.parametrize('value', [-0.1, 1.1])
def test_values_out_of_range(name, value):
    with pytest.raises(ValueError, match=f'ADL: {name}'):
        ADL(**{name: value})


def model(after):
    return MODELS.build(
        dict(
            type='mmspg.PluginClassifier',
            backbone=dict(type='mmspg.TinyTrunk', channels=(4, 8, 8, 8, 8)),
            head=dict(type='mmspg.CAMHead', num_classes=7, in_channels=8),
            plugins=[
                dict(after=name, layer=dict(type='mmspg.ADL', drop_rate=1))
                for name in after
            ],
        )
    )


def test_it_sits_behind_the_layers_that_are_named():
    torch.manual_seed(0)
    net = model(['backbone.layers.2', 'backbone.layers.4'])
    plain = model([])
    plain.load_state_dict(net.state_dict())
    x = torch.randn(2, 3, 16, 16)
    for trunk in (net, plain):
        for norm in trunk.modules():
            if isinstance(norm, torch.nn.BatchNorm2d):
                norm.eval()
    ours, theirs = net.backbone(x), plain.backbone(x)
    for i, (mine, without) in enumerate(zip(ours, theirs, strict=True)):
        if i == 0:
            torch.testing.assert_close(mine, masked(without, 0.9))
        else:
            assert not torch.allclose(mine, without)
    net.eval()
    for mine, without in zip(net.backbone(x), theirs, strict=True):
        torch.testing.assert_close(mine, without)


def test_tensors_keep_their_names_and_a_copy_has_plugins_of_its_own():
    net = model(['backbone.layers.4'])
    assert list(net.state_dict()) == list(model([]).state_dict())
    twin = copy.deepcopy(net)
    hook = next(iter(twin.backbone.layers[4]._forward_hooks.values()))
    assert hook.layer is twin.plugins[0]
    assert hook.layer is not net.plugins[0]


def test_unknown_layer_lists_those_there_are():
    with pytest.raises(ValueError, match=r"'backbone\.layer'.*layers\.4"):
        model(['backbone.layer'])
