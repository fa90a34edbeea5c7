"""The wrappers: attributions, ensembles, batch augments."""

import importlib.util

import pytest
import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from mmspg.models import backprop, deconv, excitation, feedback
from mmspg.models.classifiers.views_classifier import mean_of_views
from mmspg.models.tta import TenCropTTA

pytestmark = pytest.mark.quick

SIDE, CLASSES = 32, 7


def config(**kwargs):
    return dict(
        backbone=dict(type='mmspg.TinyTrunk', channels=(4, 8, 8, 8, 8)),
        head=dict(type='mmspg.CAMHead', num_classes=CLASSES, in_channels=8),
        **kwargs,
    )


def build(**cfg):
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_var.uniform_(0.1, 0.5)
    model.eval()
    return model


def images(n=2):
    torch.manual_seed(1)
    return torch.randn(n, 3, SIDE, SIDE)


def samples(*labels):
    return [DataSample().set_gt_label(label) for label in labels]


LAYER = 'backbone.layers.2'
METHODS = [
    (dict(name='backprop'), backprop, {}, SIDE),
    (dict(name='deconv'), deconv, {}, SIDE),
    (dict(name='feedback', iterations=2), feedback, {'iterations': 2}, SIDE),
    (
        dict(name='excitation', layer=LAYER),
        excitation,
        {'layer': LAYER},
        SIDE // 4,
    ),
    (
        dict(name='excitation', layer=LAYER, contrastive=True),
        excitation,
        {'layer': LAYER, 'contrastive': True},
        SIDE // 4,
    ),
]


@pytest.mark.parametrize('attribution, function, options, side', METHODS)
@torch.no_grad()
def test_attribution_in_the_place_of_class_maps(
    attribution, function, options, side
):
    """Under no_grad, as MMEngine's loops run."""
    model = build(
        type='mmspg.AttributionClassifier',
        attribution=attribution,
        **config(),
    )
    found = model.predict(images(), samples(3, 4))
    plain = build(type='ImageClassifier', **config())
    for sample, other in zip(
        found, plain.predict(images(), samples(3, 4)), strict=True
    ):
        assert torch.equal(sample.pred_score, other.pred_score)
        assert torch.equal(sample.score_map_labels, other.score_map_labels)
        assert sample.score_map.shape == (6, side, side)
        assert sample.score_map.min() >= 0
        assert not sample.score_map.requires_grad
    labels = torch.stack([s.score_map_labels for s in found])
    wanted = function(plain, images(), labels, **options)
    torch.testing.assert_close(
        torch.stack([s.score_map for s in found]), wanted
    )


def test_attribution_of_a_head_without_class_maps():
    cfg = config()
    cfg['neck'] = dict(type='GlobalAveragePooling')
    cfg['head'] = dict(
        type='LinearClsHead', num_classes=CLASSES, in_channels=8
    )
    model = build(
        type='mmspg.AttributionClassifier',
        attribution=dict(name='excitation', layer=LAYER),
        **cfg,
    )
    (ranked,) = model.predict(images(1), samples(3))
    top = ranked.pred_score.topk(5).indices.tolist()
    assert ranked.score_map_labels.tolist() == [*top, 3]
    asked = samples(3)
    asked[0].set_field(torch.tensor([6, 2]), 'score_map_request')
    (sample,) = model.predict(images(1), asked)
    assert sample.score_map_labels.tolist() == [6, 2, 3]
    torch.testing.assert_close(sample.score_map[2], ranked.score_map[5])
    (sample,) = model.predict(images(1))
    assert sample.score_map_labels.tolist() == top


def test_attribution_trains_as_the_classifier_it_wraps():
    model = build(
        type='mmspg.AttributionClassifier',
        attribution=dict(name='backprop'),
        **config(),
    )
    plain = build(type='ImageClassifier', **config())
    assert list(model.state_dict()) == list(plain.state_dict())
    losses = [m.loss(images(), samples(1, 2)) for m in (model, plain)]
    assert torch.equal(losses[0]['loss_cls'], losses[1]['loss_cls'])


@torch.no_grad()
def test_smoothing_is_a_gaussian_of_a_share_of_the_side():
    def maps(smooth):
        model = build(
            type='mmspg.AttributionClassifier',
            attribution=dict(name='backprop'),
            smooth=smooth,
            **config(),
        )
        return model.predict(images(1), labels=[3])[0].score_map

    grains, blurred = maps(0), maps(0.05)
    x = torch.arange(-5.0, 6)
    kernel = torch.exp(-0.5 * (x / (0.05 * SIDE)) ** 2)
    kernel = torch.outer(kernel, kernel) / kernel.sum() ** 2
    middle = torch.nn.functional.conv2d(grains[:, None], kernel[None, None])
    torch.testing.assert_close(blurred[:, 5:-5, 5:-5], middle[:, 0])
    with pytest.raises(ValueError, match='smooth'):
        maps(-1)


def test_attribution_refuses_unknown_names_and_layers():
    def attribute(**attribution):
        return build(
            type='mmspg.AttributionClassifier',
            attribution=attribution,
            **config(),
        )

    with pytest.raises(ValueError, match='backprop.*deconv.*feedback'):
        attribute(name='smoothgrad')
    with pytest.raises(ValueError, match=r'layers\.9.*backbone\.layers\.4'):
        attribute(name='excitation', layer='backbone.layers.9')


WIDE = dict(
    backbone=dict(channels=(4, 8, 8, 8, 16)), head=dict(in_channels=16)
)


@torch.no_grad()
def test_ensemble_averages_scores_and_maps():
    model = build(
        type='mmspg.EnsembleClassifier', members=[{}, WIDE, {}], **config()
    )
    scores = torch.stack([m(images()).softmax(1) for m in model.members])
    found = model.predict(images(), samples(3, 4))
    for n, sample in enumerate(found):
        mean = scores[:, n].mean(0)
        torch.testing.assert_close(sample.pred_score, mean)
        assert sample.pred_label == mean.argmax()
        labels = [*mean.topk(5).indices.tolist(), [3, 4][n]]
        assert sample.score_map_labels.tolist() == labels
        maps = [
            m.predict(images(), labels=labels)[n].score_map
            for m in model.members
        ]
        torch.testing.assert_close(sample.score_map, torch.stack(maps).mean(0))
    torch.testing.assert_close(model(images()).exp(), scores.mean(0))


@torch.no_grad()
def test_ensemble_of_maps_of_any_size_and_range():
    attribution = dict(
        type='mmspg.AttributionClassifier', attribution=dict(name='backprop')
    )
    model = build(
        type='mmspg.EnsembleClassifier',
        members=[{}, attribution],
        normalise=True,
        **config(),
    )
    (sample,) = model.predict(images(1))
    assert sample.score_map.shape == (5, SIDE, SIDE)
    assert 0 <= sample.score_map.min()
    assert sample.score_map.max() <= 1


def test_ensemble_keeps_a_request_and_does_not_share_samples():
    model = build(
        type='mmspg.EnsembleClassifier', members=[{}, {}], **config()
    )
    asked = samples(3)
    asked[0].set_field(torch.tensor([6, 2]), 'score_map_request')
    (sample,) = model.predict(images(1), asked)
    assert sample is asked[0]
    assert sample.score_map_labels.tolist() == [6, 2, 3]


def test_every_member_learns_from_its_own_loss():
    model = build(
        type='mmspg.EnsembleClassifier', members=[{}, WIDE], **config()
    )
    model.train()
    losses = model(images(), samples(1, 2), mode='loss')
    assert set(losses) == {'member0.loss_cls', 'member1.loss_cls'}
    total, _ = model.parse_losses(losses)
    torch.testing.assert_close(total, sum(losses.values()))
    losses['member0.loss_cls'].backward()
    assert all(p.grad is not None for p in model.members[0].parameters())
    assert all(p.grad is None for p in model.members[1].parameters())


def test_members_start_from_other_weights():
    model = build(
        type='mmspg.EnsembleClassifier', members=[{}, {}], **config()
    )
    model.init_weights()
    first, second = (m.head.classifier.weight for m in model.members)
    assert not torch.equal(first, second)
    assert model.head is model.members[0].head


def test_empty_ensemble():
    with pytest.raises(ValueError, match='members'):
        build(type='mmspg.EnsembleClassifier', members=[], **config())
    model = build(type='mmspg.EnsembleClassifier', members=[{}], **config())
    with pytest.raises(ValueError, match="'predict'"):
        model(images(), mode='test')


def test_merged_checkpoints_fill_an_ensemble(root):
    path = root / 'tools/model_converters/merge_checkpoints.py'
    spec = importlib.util.spec_from_file_location('merge_checkpoints', path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    alone = [
        MODELS.build(dict(type='ImageClassifier', **config())) for _ in 'ab'
    ]
    merged = tool.merge([dict(state_dict=m.state_dict()) for m in alone])
    model = build(
        type='mmspg.EnsembleClassifier', members=[{}, {}], **config()
    )
    model.load_state_dict(merged['state_dict'])
    for member, other in zip(model.members, alone, strict=True):
        other.eval()
        assert torch.equal(member(images()), other(images()))
    orders = [
        dict(meta=dict(dataset_meta=dict(classes=c))) for c in ('ab', 'ba')
    ]
    with pytest.raises(ValueError, match='another order: .* in member 1'):
        tool.merge(orders)
    # A member without names is compared with nobody, and hides nobody.
    nameless = dict(meta=dict(epoch=3, cfg='model = 1', localization={}))
    with pytest.raises(ValueError, match='in member 1 and .* in member 2'):
        tool.merge([nameless, *orders])
    # The config and the box are of one member.
    meta = dict(epoch=3, dataset_meta=dict(classes='ab'))
    assert tool.merge([nameless, orders[0]])['meta'] == meta


def test_several_labels_are_no_ensemble():
    cfg = config()
    cfg['head'].update(multi_label=True)
    with pytest.raises(ValueError, match='Test its members alone'):
        build(type='mmspg.EnsembleClassifier', members=[{}, {}], **cfg)
    with pytest.raises(ValueError, match='without --tta'):
        TenCropTTA(dict(type='ImageClassifier', **cfg))


@pytest.mark.parametrize('classes', [4, CLASSES])
def test_cutmix_takes_the_classes_from_the_head(classes):
    cfg = config(train_cfg=dict(augments=dict(type='CutMix', alpha=1.0)))
    cfg['head'].update(
        num_classes=classes,
        loss=dict(type='CrossEntropyLoss', use_soft=True),
    )
    model = build(type='mmspg.BatchAugmentClassifier', **cfg)
    data = dict(inputs=list(images(4)), data_samples=samples(0, 1, 2, 3))
    torch.manual_seed(3)
    mixed = model.data_preprocessor(data, training=True)
    targets = torch.stack([s.gt_score for s in mixed['data_samples']])
    assert targets.shape == (4, classes)
    torch.testing.assert_close(targets.sum(1), torch.ones(4))
    assert ((targets > 0).sum(1) <= 2).all()
    loss = model.loss(**mixed)['loss_cls']
    log = model(mixed['inputs']).log_softmax(1)
    torch.testing.assert_close(loss, -(targets * log).sum(1).mean())
    # Nothing is mixed at test.
    data = dict(inputs=list(images(1)), data_samples=samples(1))
    plain = model.data_preprocessor(data, training=False)
    assert torch.equal(plain['inputs'], images(1))


def views(flip=False, scales=(1,)):
    return build(
        type='mmspg.ViewsClassifier',
        score_map_views=dict(flip=flip, scales=scales),
        **config(),
    )


def test_views_leave_the_class_alone_and_average_the_maps():
    plain = build(type='ImageClassifier', **config())
    asked = samples(1, 2)
    with torch.no_grad():
        expected = plain.predict(images(), samples(1, 2))
        mirrored = plain.predict(images().flip(-1), samples(1, 2), labels=[3])
        wanted = plain.predict(images(), samples(1, 2), labels=[3])
        found = views(flip=True).predict(images(), asked, labels=[3])
    for i in range(2):
        torch.testing.assert_close(found[i].pred_score, expected[i].pred_score)
        mean = (wanted[i].score_map + mirrored[i].score_map.flip(-1)) / 2
        torch.testing.assert_close(found[i].score_map, mean)


def test_flip_of_a_symmetric_map_is_the_identity():
    """A network that sees pixels one by one gives mirrored maps."""

    def maps_of(x):
        return x.mean(1, keepdim=True) ** 3

    found = mean_of_views(maps_of, images(), flip=True)
    torch.testing.assert_close(found, maps_of(images()))


def test_scales_are_aligned_to_the_largest():
    ramp = torch.linspace(0, 1, SIDE).expand(1, 3, SIDE, SIDE)
    found = mean_of_views(
        lambda x: x[:, :1], ramp, flip=True, scales=(1, 0.5, 2)
    )
    assert found.shape == (1, 1, 2 * SIDE, 2 * SIDE)
    inner = found[0, 0, 0, 8:-8]
    steps = inner.diff()
    torch.testing.assert_close(steps, steps.mean().expand_as(steps))
    larger = views(scales=(1.5,))
    with torch.no_grad():
        sample = larger.predict(images(1), samples(0))[0]
    assert sample.score_map.shape[-1] == 1.5 * SIDE / 4


@pytest.mark.parametrize(
    'options', [dict(scales=()), dict(scales=[0]), dict(flip=1), dict(x=1)]
)
def test_bad_views(options):
    with pytest.raises(ValueError, match=r'dict\(flip=True, scales'):
        build(
            type='mmspg.ViewsClassifier', score_map_views=options, **config()
        )
