"""SPGNeck: its layers, and which of them are shared."""

import torch

from mmspg.models import SPGNeck

B = dict(in_channels=(4, 6, 6), a3_channels=(8, 8), b_channels=5)


def shapes(neck):
    return {
        k: tuple(v.shape)
        for k, v in neck.named_parameters()
        if k.endswith('weight')
    }


def test_layers_of_section_3_3():
    with torch.device('meta'):
        neck = SPGNeck()
    assert shapes(neck) == {
        'a3.conv1.weight': (1024, 768, 3, 3),
        'a3.conv2.weight': (1024, 1024, 3, 3),
        'spg_b1.0.weight': (512, 288, 3, 3),
        'spg_b2.0.weight': (512, 768, 3, 3),
        'spg_b_shared.0.weight': (512, 512, 3, 3),
        'spg_b_shared.2.weight': (1, 512, 1, 1),
        'spg_c.0.weight': (512, 1024, 3, 3),
        'spg_c.2.weight': (512, 512, 3, 3),
        'spg_c.4.weight': (1, 512, 1, 1),
    }


def test_shared_and_unshared_b():
    features = (torch.randn(1, 4, 3, 3), *torch.randn(2, 1, 6, 3, 3))
    for share in (True, False):
        neck = SPGNeck(**B, c_channels=(5,), share_b=share)
        neck(features).b1().sum().backward()
        got = {
            n.split('.')[0]
            for n, p in neck.named_parameters()
            if p.grad is not None
        } - {'spg_b1'}
        assert got == {'spg_b_shared' if share else 'spg_b1_own'}


def test_without_a3_the_tail_is_the_feature_map():
    """The benchmark's ResNet-50, whose layer4 is A3."""
    features = tuple(torch.randn(3, 1, 6, 3, 3))
    neck = SPGNeck((6, 6, 6), (), 5, (5,), dropout=0.0)
    assert torch.equal(neck(features).tail, features[2])
    assert neck.out_channels == 6


def test_initial_weights_are_xavier_uniform():
    torch.manual_seed(0)
    neck = SPGNeck(**B)
    neck.init_weights()
    weight = neck.a3.conv2.weight
    bound = (6 / (8 * 9 + 8 * 9)) ** 0.5
    assert 0.9 * bound < weight.abs().max() <= bound
    assert all(
        (p == 0).all()
        for n, p in neck.named_parameters()
        if n.endswith('bias')
    )
