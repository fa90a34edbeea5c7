"""Backbones of the compared systems, and any other under CAMHead."""

import pytest
import torch
import torchvision
from mmpretrain.models import MobileNetV2
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from mmspg.models import Taps

pytestmark = pytest.mark.quick


def build(**cfg):
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    model.eval()
    return model


def sides(model, side=224):
    with torch.device('meta'):
        images = torch.empty(1, 3, side, side)
    return [tuple(x.shape[1:]) for x in model.to('meta')(images)]


@pytest.mark.parametrize(
    'cfg, wanted',
    [
        (dict(type='mmspg.SpatialAlexNet'), [(256, 13, 13)]),
        (dict(type='mmspg.SpatialVGG'), [(512, 14, 14)]),
        (dict(type='mmspg.SpatialVGG', pool4='stride1'), [(512, 28, 28)]),
        (
            dict(
                type='mmspg.SpatialVGG',
                pool4='none',
                taps=('features.12', 'features.16'),
            ),
            [(512, 28, 28), (512, 28, 28)],
        ),
        (
            dict(
                type='mmspg.SpatialVGG',
                pool4='stride2_overlap',
                taps=('features.13', 'features.16'),
            ),
            [(512, 14, 14), (512, 14, 14)],
        ),
        (
            dict(type='mmspg.TruncatedGoogLeNet'),
            [(512, 14, 14), (528, 14, 14), (832, 14, 14)],
        ),
        (
            dict(type='mmspg.TruncatedGoogLeNet', large_feature_map=True),
            [(512, 28, 28), (528, 28, 28), (832, 28, 28)],
        ),
        (
            dict(
                type='mmspg.TappedResNet',
                depth=50,
                strides=(1, 2, 1, 1),
                taps=('layer3.0', 'layer3', 'layer4'),
            ),
            [(1024, 28, 28), (1024, 28, 28), (2048, 28, 28)],
        ),
    ],
)
def test_maps(cfg, wanted):
    with torch.device('meta'):
        assert sides(build(**cfg)) == wanted


def test_alexnet_has_the_sides_of_caffe_s_at_227():
    seen = []
    with torch.device('meta'):
        net = build(type='mmspg.SpatialAlexNet')
        for layer in net.features:
            if not isinstance(layer, torch.nn.ReLU):
                layer.register_forward_hook(
                    lambda m, args, out: seen.append(out.shape[-1])
                )
        net(torch.empty(1, 3, 224, 224))
    assert seen == [55, 27, 27, 13, 13, 13, 13, 13]


@torch.no_grad()
def test_googlenet_computes_what_torchvision_s_does():
    torch.manual_seed(0)
    theirs = torchvision.models.googlenet(
        weights=None, aux_logits=True, init_weights=False
    ).eval()
    ours = build(type='mmspg.TruncatedGoogLeNet')
    found = ours.load_state_dict(theirs.state_dict(), strict=False)
    assert found.missing_keys == []
    later = ('inception5', 'aux', 'fc')
    assert all(key.startswith(later) for key in found.unexpected_keys)
    seen = {}
    for name in ('4c', '4d', '4e'):
        getattr(theirs, f'inception{name}').register_forward_hook(
            lambda m, args, out, name=name: seen.update({name: out})
        )
    images = torch.randn(1, 3, 96, 96)
    theirs(images)
    for mine, name in zip(ours(images), ('4c', '4d', '4e'), strict=True):
        torch.testing.assert_close(mine, seen[name])


@torch.no_grad()
def test_vgg_computes_what_torchvision_s_does():
    theirs = torchvision.models.vgg11(weights=None).features[:-1].eval()
    weights = {f'features.{k}': v for k, v in theirs.state_dict().items()}
    ours = build(type='mmspg.SpatialVGG', depth=11)
    assert ours.load_state_dict(weights).missing_keys == []
    images = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(ours(images)[0], theirs(images))
    # Its own checkpoints, and those of a whole classifier, load as well.
    again = build(type='mmspg.SpatialVGG', depth=11)
    again.load_state_dict(ours.state_dict())
    torch.testing.assert_close(again(images)[0], theirs(images))


def test_weights_of_another_network_are_refused():
    other = build(type='mmspg.TinyTrunk').state_dict()
    with pytest.raises(ValueError, match='GoogLeNet'):
        build(type='mmspg.TruncatedGoogLeNet').load_state_dict(
            other, strict=False
        )


def test_unknown_pool_and_taps_list_the_valid_ones():
    with pytest.raises(ValueError, match='stride2_overlap'):
        build(type='mmspg.SpatialVGG', depth=11, pool4='max')
    with pytest.raises(ValueError, match=r"'layer5'.*layer4\.1"):
        build(type='mmspg.TappedResNet', depth=18, taps=('layer5',))


ANY = {
    'ResNet': (dict(type='ResNet', depth=18), 512),
    'VGG': (dict(type='VGG', depth=11), 512),
    'MobileNet': (dict(type='MobileNetV2', widen_factor=0.25), 1280),
    'ConvNeXt': (
        dict(
            type='ConvNeXt',
            arch=dict(depths=[1, 1, 1, 1], channels=[8, 16, 24, 32]),
            gap_before_final_norm=False,
        ),
        32,
    ),
    'ViT': (
        dict(
            type='VisionTransformer',
            arch=dict(
                embed_dims=24,
                num_layers=1,
                num_heads=2,
                feedforward_channels=24,
            ),
            img_size=64,
            patch_size=16,
            out_type='featmap',
        ),
        24,
    ),
}


def classifier(backbone, channels):
    return build(
        type='ImageClassifier',
        backbone=dict(backbone),
        head=dict(type='mmspg.CAMHead', num_classes=4, in_channels=channels),
    )


@pytest.mark.parametrize('name', list(ANY))
def test_any_backbone_with_maps_gives_class_maps(name):
    model = classifier(*ANY[name])
    samples = [DataSample().set_gt_label(i) for i in (1, 3)]
    images = torch.randn(2, 3, 64, 64)
    model.loss(images, samples)['loss_cls'].backward()
    found = model.predict(images, samples)
    for sample in found:
        k, h, w = sample.score_map.shape
        assert (k, h >= 2, w >= 2) == (5, True, True)
        # The score of a class is the mean of its map.
        scores = sample.score_map[:4].mean(dim=(1, 2))
        order = sample.score_map_labels[:4]
        torch.testing.assert_close(
            scores.softmax(0), sample.pred_score[order], atol=1e-5, rtol=1e-4
        )


@pytest.mark.parametrize(
    'cfg, shape',
    [
        (dict(ANY['ConvNeXt'][0], gap_before_final_norm=True), r'\(1, 32\)'),
        (dict(ANY['ViT'][0], out_type='cls_token'), r'\(1, 24\)'),
    ],
)
def test_a_backbone_without_maps_is_refused(cfg, shape):
    channels = ANY['ViT' if 'img_size' in cfg else 'ConvNeXt'][1]
    with pytest.raises(ValueError, match=f'{shape}.*featmap'):
        classifier(cfg, channels).predict(torch.randn(1, 3, 64, 64))


class TappedMobileNet(Taps, MobileNetV2):
    pass


@pytest.mark.parametrize(
    'backbone, channels',
    [
        (
            TappedMobileNet(
                widen_factor=0.25, taps=('layer4', 'layer6', 'conv2')
            ),
            (16, 40, 1280),
        ),
        (
            dict(type='ResNet', depth=18, out_indices=(1, 2, 3)),
            (128, 256, 512),
        ),
        (dict(type='mmspg.TruncatedGoogLeNet'), (512, 528, 832)),
    ],
)
def test_spg_on_any_backbone_with_two_maps_more(backbone, channels):
    model = build(
        type='ImageClassifier',
        backbone=backbone,
        neck=dict(
            type='mmspg.SPGNeck',
            in_channels=channels,
            a3_channels=(8,),
            b_channels=8,
            c_channels=(8,),
        ),
        head=dict(
            type='mmspg.SPGHead',
            num_classes=4,
            in_channels=8,
            guidance_size=32,
        ),
    )
    samples = [DataSample().set_gt_label(i) for i in (1, 3)]
    losses = model.loss(torch.randn(2, 3, 64, 64), samples)
    assert {'loss_cls', 'loss_b2', 'loss_b1', 'loss_c'} <= set(losses)
    total, _ = model.parse_losses(losses)
    total.backward()
    assert model.predict(torch.randn(1, 3, 64, 64))[0].score_map.ndim == 3


@pytest.mark.parametrize(
    ('name', 'stage', 'frozen', 'free'),
    [
        ('SpatialVGG', 2, 'features.4', 'features.6'),
        ('SpatialAlexNet', 1, 'features.3', 'features.6'),
        ('TruncatedGoogLeNet', 0, 'conv3', 'inception3a'),
        ('TruncatedGoogLeNet', 1, 'inception3b', 'inception4a'),
        ('TruncatedInceptionV3', 1, 'Mixed_5d', 'Mixed_6a'),
    ],
)
def test_frozen_stages_do_not_move(name, stage, frozen, free):
    """Neither their weights nor their statistics, also after `train()`."""
    net = MODELS.build(dict(type=f'mmspg.{name}', frozen_stages=stage))
    net.train()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    optim = torch.optim.SGD(net.parameters(), lr=0.1)
    sum(
        out.square().mean() for out in net(torch.rand(2, 3, 96, 96))
    ).backward()
    optim.step()
    moved = {k for k, v in net.state_dict().items() if (v != before[k]).any()}
    assert not any(k.startswith(f'{frozen}.') for k in moved)
    assert any(k.startswith(f'{free}.') for k in moved)
    with pytest.raises(ValueError, match='frozen_stages'):
        MODELS.build(dict(type=f'mmspg.{name}', frozen_stages=9))


def test_norm_eval_keeps_the_statistics():
    net = MODELS.build(dict(type='mmspg.TruncatedGoogLeNet', norm_eval=True))
    before = {k: v.clone() for k, v in net.named_buffers()}
    net.train()(torch.rand(2, 3, 96, 96))
    for name, value in net.named_buffers():
        assert torch.equal(value, before[name]), name
    for name in ('SpatialVGG', 'SpatialAlexNet'):
        MODELS.build(dict(type=f'mmspg.{name}', norm_eval=True)).train()


@pytest.mark.parametrize(
    'cfg',
    [
        dict(type='mmspg.TappedResNet', depth=18),
        dict(type='mmspg.SpatialVGG', depth=11),
        dict(type='mmspg.SpatialAlexNet'),
        dict(type='mmspg.TinyTrunk'),
        dict(type='mmspg.TruncatedInceptionV3'),
        dict(type='mmspg.TruncatedGoogLeNet'),
    ],
    ids=lambda cfg: cfg['type'],
)
def test_only_its_own_weights_are_loaded(cfg):
    with torch.device('meta'):
        model = build(**cfg)
        other = build(type='MobileNetV2').state_dict()
    own = model.state_dict()
    model.load_state_dict(dict(own), assign=True)
    wrapped = {f'backbone.{k}': v for k, v in own.items()}
    model.load_state_dict(wrapped | {'head.fc': own.popitem()[1]}, False)
    with pytest.raises(ValueError, match='of another network'):
        model.load_state_dict(other)
