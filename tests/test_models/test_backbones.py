"""The trunk: its maps, its weights, what freezing keeps."""

import pytest
import torch
import torchvision
from torch.nn.modules.batchnorm import _BatchNorm

from mmspg.models import TinyTrunk, TruncatedInceptionV3


@pytest.mark.parametrize(
    'side, large, small',
    [(224, 28, 14), (256, 32, 16), (299, 37, 18), (320, 40, 20), (64, 8, 4)],
)
def test_map_sides(side, large, small):
    """Sides measured in both released codes (spec, section 1)."""
    image = torch.empty(1, 3, side, side, device='meta')
    with torch.device('meta'):
        for flag, wanted in ((True, large), (False, small)):
            outs = TruncatedInceptionV3(large_feature_map=flag).eval()(image)
            assert [tuple(x.shape[1:]) for x in outs] == [
                (channels, wanted, wanted) for channels in (288, 768, 768)
            ]


def test_names_and_shapes_are_those_of_torchvision():
    with torch.device('meta'):
        ours = TruncatedInceptionV3().state_dict()
        theirs = torchvision.models.inception_v3(
            weights=None, init_weights=False
        ).state_dict()
    beyond = ('Mixed_7', 'AuxLogits', 'fc.')
    assert {k: v.shape for k, v in ours.items()} == {
        k: v.shape for k, v in theirs.items() if not k.startswith(beyond)
    }


@torch.no_grad()
def test_blocks_compute_what_torchvision_computes():
    """Up to Mixed_5d the layers are the same, but for their padding."""
    torch.manual_seed(0)
    theirs = torchvision.models.inception_v3(
        weights=None, init_weights=False
    ).eval()
    ours = TruncatedInceptionV3().eval()
    missing, _ = ours.load_state_dict(theirs.state_dict(), strict=False)
    assert missing == []
    x = torch.randn(1, 192, 9, 9)
    y = torch.randn(1, 768, 7, 7)
    for name in ('Mixed_5b', 'Mixed_6b', 'Mixed_6e'):
        z = x if name == 'Mixed_5b' else y
        assert torch.equal(getattr(ours, name)(z), getattr(theirs, name)(z))


def test_pretrained_from_a_file(tmp_path):
    torch.manual_seed(0)
    source = TruncatedInceptionV3()
    for wrap in (
        lambda state: state,
        lambda state: {'state_dict': state},
        lambda state: {f'backbone.{k}': v for k, v in state.items()},
        lambda state: {k: v.half() for k, v in state.items()},
    ):
        path = tmp_path / 'trunk.pth'
        torch.save(wrap(source.state_dict()), path)
        net = TruncatedInceptionV3(
            init_cfg=dict(type='Pretrained', checkpoint=str(path))
        )
        net.init_weights()
        weight = net.Mixed_6e.branch_pool.conv.weight
        assert weight.dtype == torch.float32
        assert torch.allclose(
            weight, source.Mixed_6e.branch_pool.conv.weight, atol=1e-3
        )


def test_weights_of_another_network_are_refused():
    net = TruncatedInceptionV3()
    with pytest.raises(ValueError, match='conv1.weight'):
        net.load_state_dict({'conv1.weight': torch.zeros(1)}, strict=False)


@pytest.mark.parametrize('frozen', [-1, 0, 1, 2])
def test_frozen_stages_neither_learn_nor_count(frozen):
    net = TruncatedInceptionV3(frozen_stages=frozen).train()
    for i, stage in enumerate(net.stages):
        for name in stage:
            module = getattr(net, name)
            learns = {p.requires_grad for p in module.parameters()}
            assert learns <= {i > frozen}
            assert all(
                m.training == (i > frozen)
                for m in module.modules()
                if isinstance(m, _BatchNorm)
            )


def test_norm_eval_keeps_statistics_but_learns():
    net = TruncatedInceptionV3(norm_eval=True).train()
    norms = [m for m in net.modules() if isinstance(m, _BatchNorm)]
    assert not any(m.training for m in norms)
    assert all(p.requires_grad for p in net.parameters())


def test_bad_frozen_stages():
    with pytest.raises(ValueError, match='from -1 to 2'):
        TruncatedInceptionV3(frozen_stages=3)


def test_tiny_trunk_declares_its_maps():
    net = TinyTrunk(channels=(4, 5, 6, 7, 8)).eval()
    outs = net(torch.zeros(1, 3, 56, 40))
    assert tuple(x.shape[1] for x in outs) == net.out_channels == (6, 7, 8)
    assert {tuple(x.shape[2:]) for x in outs} == {(14, 10)}
    with pytest.raises(ValueError, match='five'):
        TinyTrunk(channels=(4, 5))
