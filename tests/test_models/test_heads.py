"""CAMHead and SPGHead: what they give, and what they refuse."""

import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.hooks import Hook
from mmengine.logging import MessageHub
from mmengine.runner import Runner
from mmengine.runner.checkpoint import load_state_dict
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch.utils.data import DataLoader

from mmspg.models.ddt import principal_direction, project
from mmspg.models.guidance import attention_map, guidance_mask, guided_bce
from mmspg.models.pooling import thresholded_average

SIDE = 32
DELETE = 'not for this head'


def build(head=None, neck=None, **kwargs):
    cfg = dict(
        type='ImageClassifier',
        backbone=dict(type='mmspg.TinyTrunk', channels=(4, 8, 8, 8, 8)),
        neck=dict(
            type='mmspg.SPGNeck',
            in_channels=(8, 8, 8),
            a3_channels=(16,),
            b_channels=8,
            c_channels=(8,),
            **(neck or {}),
        ),
        head={
            'type': 'mmspg.SPGHead',
            'num_classes': 7,
            'in_channels': 16,
            'guidance_size': 24,
            **(head or {}),
        },
        **kwargs,
    )
    if cfg['head']['guidance_size'] == DELETE:
        del cfg['head']['guidance_size']
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    model.init_weights()
    return model


def samples(*labels):
    return [DataSample().set_gt_label(label) for label in labels]


def images(n=2):
    torch.manual_seed(1)
    return torch.randn(n, 3, SIDE, SIDE)


PLAIN = dict(with_b=False, with_c=False)


@pytest.mark.parametrize(
    'head, neck, keys',
    [
        ({}, {}, {'loss_cls', 'loss_b2', 'loss_b1', 'loss_c'}),
        ({}, dict(with_c=False), {'loss_cls', 'loss_b2', 'loss_b1'}),
        (
            {},
            dict(share_b=False),
            {'loss_cls', 'loss_b2', 'loss_b1', 'loss_c'},
        ),
        (
            dict(cascade=False),
            {},
            {'loss_cls', 'loss_b2', 'loss_b1', 'loss_c'},
        ),
    ],
)
@pytest.mark.parametrize('batch', [1, 2])
def test_every_parameter_learns(head, neck, keys, batch):
    model = build(head, neck)
    losses = model.loss(images(batch), samples(*range(batch)))
    assert {k for k in losses if 'loss' in k} == keys
    total, _ = model.parse_losses(losses)
    total.backward()
    assert total.isfinite()
    without = [n for n, p in model.named_parameters() if p.grad is None]
    assert without == []


def test_plain_has_no_side_branch():
    model = MODELS.build(
        dict(
            type='ImageClassifier',
            backbone=dict(type='mmspg.TinyTrunk'),
            neck=dict(type='mmspg.SPGNeck', in_channels=(48, 64, 64), **PLAIN),
            head=dict(type='mmspg.CAMHead', num_classes=7, in_channels=1024),
        )
    )
    assert set(model.loss(images(), samples(0, 1))) == {'loss_cls'}
    assert not any(
        n.startswith('neck.spg_') for n, _ in model.named_parameters()
    )


def test_no_cascade_supervises_b1_by_the_attention():
    model = build(dict(cascade=False)).eval()
    losses = model.loss(images(), samples(0, 1))
    feats = model.extract_feat(images())
    stages = model.head.guide(feats, torch.tensor([0, 1]), 24)
    wanted = torch.nn.functional.binary_cross_entropy_with_logits(
        stages['b1'], (stages['mask_a'] == 1).float(), reduction='none'
    )[stages['mask_a'] != 255].mean()
    assert torch.allclose(losses['loss_b1'], wanted)
    assert 'mask_b2_fg' not in losses


def test_the_defaults_are_the_papers():
    """Section 3.2 with its numbers: A guides B2, B2 guides B1, both guide C.

    The thresholds of C are the release's. The probabilities are spread from 0
    to 1, so that each of the numbers decides about some pixels.
    """
    model = build(dict(guidance_size=DELETE)).eval()
    with torch.no_grad():
        for layers in (model.neck.spg_b_shared, model.neck.spg_c):
            layers[-1].weight *= 200
    batch = samples(0, 1)
    losses = model.loss(images(), batch)
    with torch.no_grad():
        feats = model.extract_feat(images())
        maps = model.head.classifier(feats[-1])[[0, 1], [0, 1]]
        b1, b2, c = feats.b1(), feats.b2(), feats.c()

    def large(maps):
        return torch.nn.functional.interpolate(
            maps[:, None], (224, 224), mode='bilinear', align_corners=False
        )[:, 0]

    def loss(logits, seeds, high, low):
        wrong = torch.where(seeds > high, -logits, logits)
        labelled = (seeds > high) | (seeds < low)
        return torch.nn.functional.softplus(wrong[labelled]).mean()

    attention = large(maps)
    for one in attention:
        one -= one.min().clone()
        one /= one.max().clone()
    b1, b2, c = large(b1), large(b2), large(c)
    p1, p2 = b1.sigmoid(), b2.sigmoid()
    wanted = dict(
        loss_b2=loss(b2, attention, 0.7, 0.1),
        loss_b1=loss(b1, p2, 0.5, 0.05),
        loss_c=loss(c, (p1 + p2) / 2, 0.7, 0.1),
    )
    for name, value in wanted.items():
        torch.testing.assert_close(losses[name], value, msg=name)


def test_losses_are_taken_at_the_size_of_the_input_if_asked():
    model = build(dict(guidance_size=None)).eval()
    batch = samples(0, 1)
    with pytest.raises(KeyError, match='img_shape'):
        model.loss(images(), batch)
    for sample in batch:
        sample.set_metainfo(dict(img_shape=(SIDE, SIDE)))
    whole = model.loss(images(), batch)['loss_b2']
    fixed = build(dict(guidance_size=SIDE)).eval().loss(images(), batch)
    assert torch.equal(whole, fixed['loss_b2'])


def test_guidance_weights_scale_their_loss():
    batch = samples(0, 1)
    plain = build().eval().loss(images(), batch)
    scaled = (
        build(dict(guidance_weights=dict(loss_c=0.25)))
        .eval()
        .loss(images(), batch)
    )
    assert torch.allclose(scaled['loss_c'], plain['loss_c'] / 4)
    assert torch.equal(scaled['loss_b1'], plain['loss_b1'])


class StopAfterFirstEpoch(Hook):
    priority = 'LOWEST'

    def after_train_epoch(self, runner):
        raise KeyboardInterrupt


class Losses(Hook):
    """Keeps the logged guidance loss of each iteration."""

    def __init__(self):
        self.b2 = []

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        self.b2.append(float(outputs['loss_b2'].detach()))


def test_ramp_counts_the_runners_iterations_and_survives_a_resume(tmp_path):
    """Eight iterations of the same batch at lr 0: the loss is the weight."""
    batch = [dict(inputs=images(1)[0], data_samples=samples(1)[0])] * 4

    def train(*hooks, **kwargs):
        losses = Losses()
        runner = Runner(
            build(dict(guidance_ramp=(0.25, 0.75)), dict(dropout=0)),
            str(tmp_path),
            train_dataloader=DataLoader(batch, collate_fn=pseudo_collate),
            train_cfg=dict(by_epoch=True, max_epochs=2),
            optim_wrapper=dict(
                optimizer=dict(type='SGD', lr=0), accumulative_counts=2
            ),
            custom_hooks=[losses, *hooks],
            default_scope='mmpretrain',
            experiment_name=f'{tmp_path}{len(hooks)}',
            **kwargs,
        )
        try:
            runner.train()
        except KeyboardInterrupt:
            pass
        return losses.b2

    seen = [*train(StopAfterFirstEpoch()), *train(resume=True)]
    wanted = [0, 0, 0, 0.25, 0.5, 0.75, 1, 1]
    assert [loss / seen[-1] for loss in seen] == pytest.approx(wanted)


def test_ramp_without_a_runner_says_what_to_do():
    MessageHub.get_instance('no runner')
    model = build(dict(guidance_ramp=(0, 0.5)))
    with pytest.raises(RuntimeError, match="update_info\\('iter'"):
        model.loss(images(), samples(0, 1))
    hub = MessageHub.get_current_instance()
    hub.update_info('max_iters', 8)
    hub.update_info('iter', 0)
    assert model.loss(images(), samples(0, 1))['loss_c'] == 0


def test_seeds_and_balance_are_those_of_the_functions():
    model = build(
        dict(
            thresholds_a=(0.9, 0.2),
            balanced_guidance=True,
        )
    ).eval()
    labels = torch.tensor([0, 1])
    losses = model.loss(images(), samples(0, 1))
    feats = model.extract_feat(images())
    stages = model.head.guide(feats, labels, 24)
    class_map = model.head.class_maps(feats, labels[:, None])[:, 0]
    attention = attention_map(class_map, 24)
    assert torch.equal(stages['attention'], attention)
    mask = guidance_mask(attention, 0.9, 0.2)
    assert torch.equal(stages['mask_a'], mask)
    wanted = guided_bce(stages['b2'], mask, balanced=True)
    assert torch.allclose(losses['loss_b2'], wanted)
    assert not torch.allclose(wanted, guided_bce(stages['b2'], mask))


class Spy:
    """Counts what is asked of a neck's branches."""

    def __init__(self, neck):
        self.asked = []
        for name in ('b1', 'b2', 'c'):
            getattr(neck, f'spg_{name}').register_forward_hook(
                lambda *_, name=name: self.asked.append(name)
            )


@pytest.mark.parametrize(
    'source, asked',
    [
        ('attention', []),
        ('features', []),
        ('b1', ['b1']),
        ('b2', ['b2']),
        ('c', ['c']),
        ('fuse', ['b1', 'b2']),
        ('attention_fuse', ['b1', 'b2']),
        ('attention*c', ['c']),
        ('features*b1', ['b1']),
    ],
)
def test_prediction_computes_only_what_it_needs(source, asked):
    model = build(dict(score_map_source=source)).eval()
    spy = Spy(model.neck)
    out = model.predict(images(), samples(3, 4))
    assert sorted(spy.asked) == asked
    assert out[1].score_map.shape == (6, SIDE // 4, SIDE // 4)
    assert out[1].score_map_labels[-1] == 4
    if source != 'attention':
        of_class = (out[0].score_map != out[0].score_map[:1]).any()
        assert of_class == ('attention' in source)
        top = 1 if source != 'features' else float('inf')
        assert 0 <= out[0].score_map.min() <= out[0].score_map.max() <= top


def test_features_map_is_the_mean_of_the_channels():
    model = build(dict(score_map_source='features')).eval()
    with torch.no_grad():
        tail = model.extract_feat(images())[-1]
    expected = tail.mean(1)
    for sample, score_map in zip(
        model.predict(images()), expected, strict=True
    ):
        assert torch.allclose(sample.score_map[2], score_map, atol=1e-6)


def test_attention_fuse_is_where_both_agree():
    maps = {}
    model = build().eval()
    for source in ('attention', 'fuse', 'attention_fuse'):
        model.head.score_map_source = source
        maps[source] = torch.stack(
            [sample.score_map for sample in model.predict(images())]
        ).double()
    for source in ('attention', 'fuse'):
        low = maps[source].amin((2, 3), keepdim=True)
        high = maps[source].amax((2, 3), keepdim=True)
        maps[source] = (maps[source] - low) / (high - low)
    expected = (maps['attention'] * maps['fuse']) ** 0.5
    assert torch.allclose(maps['attention_fuse'], expected, atol=1e-3)


@pytest.mark.parametrize('head', ['mmspg.SPGHead', 'mmspg.CAMHead'])
def test_the_product_of_any_two(head):
    maps = {}
    options = dict(guidance_size=24) if 'SPG' in head else {}
    cfg = dict(type=head, num_classes=7, in_channels=16, **options)
    model = build()
    torch.manual_seed(3)
    model.head = MODELS.build(cfg).eval()
    feats = model.eval().extract_feat(images())
    model.head.set_ddt(torch.randn(2, 16))
    labels = torch.tensor([[3, 1], [0, 2]])
    for source in ('positive', 'ddt', 'positive*ddt', 'ddt*positive'):
        model.head.score_map_source = source
        maps[source] = model.head.score_maps(feats, labels).detach()
    both = 1
    for source in ('positive', 'ddt'):
        low = maps[source].amin((2, 3), keepdim=True)
        high = maps[source].amax((2, 3), keepdim=True)
        both = both * (maps[source] - low) / (high - low)
    for source in ('positive*ddt', 'ddt*positive'):
        torch.testing.assert_close(
            maps[source].double(), both.double().sqrt(), atol=1e-3, rtol=0
        )


def test_ddt_is_the_first_principal_component():
    torch.manual_seed(2)
    batches = [torch.rand(n, 5, 3, 4) ** 2 for n in (2, 3)]
    batches = [b * torch.rand(len(b), 1, 3, 4) for b in batches]
    statistics = principal_direction(batches)
    cells = torch.cat([b.movedim(1, -1).reshape(-1, 5) for b in batches])
    torch.testing.assert_close(statistics[0], cells.mean(0))
    *_, vectors = torch.linalg.svd(cells - cells.mean(0))
    alike = (vectors[0] @ statistics[1]).abs()
    torch.testing.assert_close(alike, torch.tensor(1.0))
    maps = project(batches[0], statistics)
    expected = (cells[:24] - cells.mean(0)) @ statistics[1]
    torch.testing.assert_close(maps.reshape(-1), expected)
    # It is high where the channels are.
    means = batches[0].mean(1).flatten()
    assert torch.corrcoef(torch.stack([maps.flatten(), means]))[0, 1] > 0
    with pytest.raises(ValueError, match='at least one image'):
        principal_direction([])
    with pytest.raises(ValueError, match='alike'):
        principal_direction([torch.ones(1, 5, 3, 4)])


def test_the_statistics_of_ddt_go_with_the_weights():
    one = build(dict(score_map_source='ddt')).eval()
    with pytest.raises(ValueError, match='choose_maps.py'):
        one.predict(images())
    feats = one.extract_feat(images())
    one.head.set_ddt(principal_direction([feats[-1]]))
    other = build(dict(score_map_source='ddt')).eval()
    load_state_dict(other, one.state_dict(), strict=True)
    for mine, theirs in zip(
        one.predict(images()), other.predict(images()), strict=True
    ):
        assert torch.equal(mine.score_map, theirs.score_map)
    # A training forgets them, and its checkpoint cannot bring them back.
    other.loss(images(), samples(3, 5))  # of a validation
    assert other.head.has_ddt
    other.train().loss(images(), samples(3, 5))
    other.eval()
    load_state_dict(one, other.state_dict(), strict=True)
    for model in (other, one):
        with pytest.raises(ValueError, match='choose_maps.py'):
            model.predict(images())


def test_thresholded_average_pooling():
    features = torch.tensor([[[[10.0, 2], [0.5, 1]], [[0, 0], [0, 0]]]])
    pooled = thresholded_average(features, 0.1)
    torch.testing.assert_close(pooled, torch.tensor([[6.0, 0]]))
    model = build(dict(tap_threshold=0.1))
    feats = model.extract_feat(images())
    pooled = thresholded_average(feats[-1], 0.1)
    layer = model.head.classifier
    expected = pooled @ layer.weight.flatten(1).T + layer.bias
    torch.testing.assert_close(model.head(feats), expected)
    model.head.loss(feats, samples(3, 5))['loss_cls'].backward()
    assert layer.weight.grad.abs().sum() > 0
    with pytest.raises(ValueError, match='tap_threshold'):
        build(dict(tap_threshold=1))


def test_whose_maps():
    model = build().eval()
    top = [
        s.pred_score.topk(5).indices.tolist() for s in model.predict(images())
    ]

    def labels(*args, **kwargs):
        out = model.predict(*args, **kwargs)
        return [s.score_map_labels.tolist() for s in out]

    assert labels(images()) == top
    assert labels(images(), samples(3, 4)) == [[*top[0], 3], [*top[1], 4]]
    assert labels(images(), labels=[6, 2]) == [[6, 2], [6, 2]]
    assert labels(images(), labels=6) == [[6], [6]]
    assert labels(images(), labels=torch.tensor([[1], [5]])) == [[1], [5]]
    assert labels(images(), labels=[[1, 0], [5, 2]]) == [[1, 0], [5, 2]]
    asked = [DataSample() for _ in range(2)]
    for sample in asked:
        sample.set_field(torch.tensor([2, 0]), 'score_map_request')
    assert labels(images(), asked) == [[2, 0], [2, 0]]
    with pytest.raises(ValueError, match='from 0 to 6'):
        model.predict(images(), labels=[7])


def test_map_of_a_class_is_the_same_whoever_asks():
    model = build().eval()
    ranked = model.predict(images())[0]
    asked = model.predict(
        images(), labels=ranked.score_map_labels.tolist()[::-1]
    )[0]
    assert torch.allclose(ranked.score_map, asked.score_map.flip(0), atol=1e-6)


def test_dropout_only_in_training():
    model, x = build(), images()
    with torch.no_grad():
        noisy = [model(x) for _ in range(2)]
        model.eval()
        still = [model(x) for _ in range(2)]
    assert not torch.equal(*noisy)
    assert torch.equal(*still)


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_losses_are_float32_under_amp(dtype):
    model = build().eval()
    with torch.autocast('cpu', dtype=dtype):
        losses = model.loss(images(), samples(0, 1))
        predictions = model.predict(images())
    exact = model.loss(images(), samples(0, 1))
    for name, value in losses.items():
        assert value.dtype == torch.float32, name
        if name.startswith('loss'):
            assert torch.allclose(value, exact[name], rtol=0.1), name
    assert predictions[0].score_map.dtype == torch.float32


@pytest.mark.parametrize(
    'name', ['thresholds_a', 'thresholds_b2', 'thresholds_fuse']
)
@pytest.mark.parametrize('pair', [(0.1, 0.7), (0.5, 0.5), (1.2, 0.1), (0.5,)])
def test_thresholds_out_of_order(name, pair):
    with pytest.raises(ValueError, match=f'model.head.{name} must be'):
        build({name: pair})


def test_bad_options_name_the_valid_ones():
    with pytest.raises(ValueError, match='loss_b2'):
        build(dict(guidance_weights=dict(loss_b3=1)))
    with pytest.raises(ValueError, match='guidance_ramp'):
        build(dict(guidance_ramp=(0.5, 0.5)))
    for wrong in (
        dict(guidance_ramp=0.3),
        dict(guidance_ramp=(0.5,)),
        dict(thresholds_a=0.5),
        dict(guidance_weights=dict(loss_c=-1)),
        dict(guidance_size=0),
        dict(min_foreground=-3),
    ):
        with pytest.raises(ValueError, match=f'model.head.{min(wrong)}'):
            build(wrong)
    with pytest.raises(ValueError, match='use_sigmoid'):
        build(dict(multi_label=True, loss=dict(type='CrossEntropyLoss')))
    build(dict(multi_label=True, loss=dict(type='FocalLoss')))
    with pytest.raises(ValueError, match='attention'):
        build(dict(score_map_source='a'))
    with pytest.raises(ValueError, match='with_c=False'):
        build(neck=dict(with_b=False))
    with pytest.raises(ValueError, match='num_classes'):
        build(dict(num_classes=0))
    build(dict(num_classes=1, multi_label=True))


@pytest.mark.parametrize(
    'head',
    [
        {},
        dict(type='mmspg.CAMHead', multi_label=True, guidance_size=DELETE),
    ],
)
def test_soft_targets_are_refused(head):
    model = build(
        head,
        train_cfg=dict(augments=dict(type='Mixup', alpha=1.0)),
        data_preprocessor=dict(num_classes=7),
    )
    data = model.data_preprocessor(
        dict(inputs=images(), data_samples=samples(0, 1)), training=True
    )
    with pytest.raises(ValueError, match='gt_score'):
        model.loss(**data)


def test_spg_head_on_a_plain_neck_is_refused():
    with pytest.raises(TypeError, match='side branches'):
        build(neck=PLAIN).loss(images(), samples(0, 1))


def test_pooled_features_are_refused():
    head = MODELS.build(
        dict(type='mmspg.CAMHead', num_classes=3, in_channels=8)
    )
    with pytest.raises(ValueError, match=r'\(N, 8, h, w\)'):
        head((torch.zeros(2, 8),))


def test_checkpoint_of_other_classes():
    state = build().state_dict()
    with pytest.raises(ValueError, match='7 classes .*num_classes is 3'):
        build(dict(num_classes=3)).load_state_dict(state)
    model = build(dict(num_classes=3, reset_classifier=True))
    result = model.load_state_dict(state, strict=False)
    assert result.missing_keys == [
        'head.classifier.weight',
        'head.classifier.bias',
    ]
    assert torch.equal(
        model.neck.a3.conv1.weight, state['neck.a3.conv1.weight']
    )


def several(*labels):
    """Samples of none, one or several classes."""
    return [
        DataSample().set_gt_label(torch.tensor(one, dtype=torch.int64))
        for one in labels
    ]


@pytest.mark.parametrize('kind', ['mmspg.CAMHead', 'mmspg.SPGHead'])
def test_several_labels_are_learnt_each_for_itself(kind):
    head = dict(type=kind, multi_label=True)
    if kind == 'mmspg.CAMHead':
        head['guidance_size'] = DELETE
    model = build(head).eval()
    loss = model.loss(images(3), several([0, 6], [], [3]))['loss_cls']
    scores = model.head(model.extract_feat(images(3)))
    wanted = 0
    for image, labels in enumerate(([0, 6], [], [3])):
        for label in range(7):
            p = scores[image, label].sigmoid()
            wanted = wanted - (p if label in labels else 1 - p).log()
    assert loss.item() == pytest.approx(wanted.item() / 3, rel=1e-5)


def test_all_classes_that_are_sure_are_predicted_and_have_maps():
    model = build(dict(multi_label=True)).eval()
    with torch.no_grad():
        model.head.classifier.bias.copy_(
            torch.tensor([9.0, -9, 5, -9, -9, -9, -9])
        )
        one, two = model.predict(images(), several([1], []))
    for sample in (one, two):
        assert sample.pred_label.tolist() == [0, 2]
        assert sorted(sample.score_map_labels.tolist()) == list(range(7))
        assert (sample.pred_score[[0, 2]] > 0.9).all()
        assert sample.pred_score.sum() > 1.5  # no softmax


def test_seeds_are_the_highest_attention_of_the_classes_present():
    model = build(dict(multi_label=True)).eval()
    feats = model.extract_feat(images(3))
    labels = torch.tensor([[0, 6], [3, -1], [-1, -1]])
    stages = model.head.guide(feats, labels, 24)
    single = [
        model.head.guide(feats, torch.full((3,), c), 24)['attention']
        for c in (0, 6, 3)
    ]
    both = torch.maximum(single[0][0], single[1][0])
    assert torch.equal(stages['attention'][0], both)
    assert torch.equal(stages['attention'][1], single[2][1])
    for name in ('mask_a', 'mask_b2', 'mask_fuse'):
        assert (stages[name][2] == 0).all()  # background, all of it


def test_an_image_of_nothing_is_all_background():
    head = dict(nothing=6)
    nothing = build(head).eval().loss(images(), samples(6, 6))
    assert nothing['mask_a_bg'] == nothing['mask_fuse_bg'] == 1
    # Images of something are guided as ever.
    with_class = build(head).eval().loss(images(), samples(0, 1))
    plain = build().eval().loss(images(), samples(0, 1))
    assert with_class.keys() == plain.keys()
    for name, value in plain.items():
        assert torch.equal(with_class[name], value), name


def test_support_maps_are_class_maps_and_features_whatever_localizes():
    for source in ('c', 'attention'):
        model = build(dict(score_map_source=source)).eval()
        feats = model.extract_feat(images())
        for i, sample in enumerate(model.head.predict(feats, samples(0, 1))):
            labels = sample.score_map_labels[None].expand(2, -1)
            expected = model.head.class_maps(feats, labels)[i]
            torch.testing.assert_close(sample.support_maps[:-1], expected)
            features = feats[-1][i].mean(dim=0)
            torch.testing.assert_close(sample.support_maps[-1], features)


def test_the_map_of_a_missing_branch_says_so():
    model = build(dict(score_map_source='c'), dict(with_c=False)).eval()
    with pytest.raises(ValueError, match='model.neck.with_c is False'):
        model.predict(torch.rand(1, 3, 64, 64))
