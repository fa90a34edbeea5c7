"""Folded layers compute what the layers did."""

import copy

import pytest
import torch
from mmpretrain.models.backbones.inception_v3 import InceptionA, InceptionC
from torch import nn

from mmspg.models.folding import PooledConv, fold_batch_norm


@pytest.mark.parametrize(
    'block', [InceptionA(6, 4), InceptionC(6, channels_7x7=3)]
)
def test_pool_behind_the_convolution_up_to_the_border(block):
    """Where the pool averages padding, a bias before it would count less."""
    torch.manual_seed(0)
    for layer in block.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.5, 2)
            nn.init.normal_(layer.bias)
    folded = fold_batch_norm(copy.deepcopy(block.eval()))
    assert isinstance(folded.branch_pool, PooledConv)
    pooled = []
    folded.branch_pool.pool.register_forward_hook(
        lambda layer, inputs, output: pooled.append(output.shape[1])
    )
    x = torch.randn(2, 6, 5, 7)
    with torch.no_grad():
        torch.testing.assert_close(folded(x), block(x), rtol=1e-4, atol=1e-5)
    assert pooled == [block.branch_pool.conv.out_channels]


def test_an_activation_inside_of_a_batch_norm_stays():
    layers = pytest.importorskip('timm.layers')
    torch.manual_seed(0)
    block = nn.Sequential(
        nn.Conv2d(3, 4, 3),
        layers.BatchNormAct2d(4, act_layer=nn.ReLU6),
        nn.Conv2d(4, 2, 1),
    ).eval()
    block[1].running_mean.normal_()
    folded = fold_batch_norm(copy.deepcopy(block))
    assert not any(isinstance(x, nn.BatchNorm2d) for x in folded.modules())
    x = torch.randn(2, 3, 6, 5) * 9
    with torch.no_grad():
        torch.testing.assert_close(folded(x), block(x), rtol=1e-4, atol=1e-5)


def test_training_mode_is_refused():
    with pytest.raises(ValueError, match='model.eval'):
        fold_batch_norm(nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1)))
