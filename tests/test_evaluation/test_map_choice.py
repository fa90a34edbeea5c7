"""The search for map and steps finds what is better, and no luck."""

import numpy as np
import pytest
import torch

from mmspg.evaluation import LocalizationMetric
from mmspg.evaluation.map_choice import (
    STEPS_TRIED,
    Comparison,
    choose,
    choose_views,
    chosen,
)
from mmspg.evaluation.map_collection import (
    VIEWS_TRIED,
    collect_maps,
    collect_views,
    sources_and_products,
)
from mmspg.evaluation.paired_hits import Reading
from mmspg.models.classifiers.views_classifier import mean_of_views

SIDE = 16
METRIC = LocalizationMetric(thresholds=20)


def image(maps):
    return dict(
        maps=maps,
        ori_shape=(SIDE, SIDE),
        img_shape=(SIDE, SIDE),
        ori_gt_bboxes=np.array([[4, 4, 12, 12]]),
    )


def square(side=8, outlier=0.0):
    """A square around the centre, and perhaps one extreme pixel."""
    found = np.zeros((SIDE, SIDE), np.float32)
    low = (SIDE - side) // 2
    found[low : low + side, low : low + side] = 1
    found[0, 0] = outlier
    return found


def test_what_is_better_is_kept_one_change_at_a_time():
    """One map is right but for an extreme pixel; the other never is."""
    rng = np.random.default_rng(0)
    images = [
        image(
            dict(
                bad=square(3) + 0,
                good=square(8 if i % 10 else 3, 1e4)
                + 0.2 * rng.random((SIDE, SIDE), np.float32),
            )
        )
        for i in range(60)
    ]
    comparison = Comparison(images, METRIC)
    start = Reading.of('bad', [])
    path = choose(comparison, start)
    best = chosen(path, start)
    assert best.source == 'good'
    assert best.list_of_steps()
    assert comparison.figure(best)[0] >= 90
    assert [move.kept for move in path[-2:]] == [True, False]
    (first,) = comparison.gains([best], start)
    assert first.low > 70


def test_luck_is_not_kept():
    """Maps that are right at random, a half of the images each."""
    kept = looks_better = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        names = [f'map{i}' for i in range(6)]
        images = [
            image({n: square(8 if rng.random() < 0.5 else 3) for n in names})
            for _ in range(40)
        ]
        comparison = Comparison(images, LocalizationMetric([0.5]), draws=500)
        path = choose(comparison, Reading.of('map0', []))
        kept += path[0].kept
        looks_better += path[0].gain.mean > 0
    assert kept <= 2
    assert looks_better > 7  # the best of so many


def test_no_step_comes_along_by_luck():
    """A step that is right a little more often by chance."""
    images = []
    rng = np.random.default_rng(0)
    for i in range(60):
        # Two images that a step mends: that may be luck.
        good = square(8, outlier=1e3 if i < 2 else 0)
        good += 1e-4 * rng.random((SIDE, SIDE), np.float32)
        images.append(image(dict(bad=square(3), good=good)))
    comparison = Comparison(images, METRIC)
    start = Reading.of('bad', [])
    path = choose(comparison, start)
    assert path[0].to == Reading.of('good', [])
    assert path[0].kept
    best = max(
        comparison.figure(Reading.of('good', steps))[0]
        for steps in STEPS_TRIED
    )
    assert best > comparison.figure(path[0].to)[0]  # it looks better
    assert chosen(path, start) == path[0].to


def test_the_interval_is_that_of_a_paired_difference():
    rng = np.random.default_rng(1)
    right = rng.random((2, 300)) < [[0.7], [0.5]]
    right[1, :200] = right[0, :200]  # mostly the same images
    images = [
        image(dict(a=square(8 if a else 3), b=square(8 if b else 3)))
        for a, b in right.T
    ]
    comparison = Comparison(images, LocalizationMetric([0.5]))
    a, b = Reading.of('a', []), Reading.of('b', [])
    (gain,) = comparison.gains([a], b)
    difference = 100 * (right[0].astype(float) - right[1])
    error = difference.std() / 300**0.5
    assert gain.mean == pytest.approx(difference.mean())
    assert gain.high - gain.low == pytest.approx(2 * 1.96 * error, rel=0.1)
    (wider,) = comparison.gains([a], b, 0.999)
    assert wider.low < gain.low < gain.high < wider.high
    fixed = comparison.gain_at((a, 0.5), (b, 0.5))
    assert fixed.mean == pytest.approx(difference.mean())
    assert fixed.high - fixed.low == pytest.approx(2 * 1.96 * error, rel=0.1)
    # Options that are alike make it no wider.
    twins = comparison.gains([a, a, a], b)
    assert twins[0] == pytest.approx(gain)


def test_all_maps_of_a_network_in_one_pass():
    from mmpretrain.registry import MODELS
    from mmpretrain.structures import DataSample

    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='ImageClassifier',
            backbone=dict(type='mmspg.TinyTrunk', channels=(4, 8, 8, 8, 8)),
            head=dict(type='mmspg.CAMHead', num_classes=3, in_channels=8),
        )
    ).eval()
    model.head.set_ddt(torch.randn(2, 8))
    pixels = torch.rand(3, 3, SIDE, SIDE)

    def loader():
        for i in range(3):
            sample = DataSample(
                metainfo=dict(ori_shape=(SIDE, SIDE), img_shape=(SIDE, SIDE))
            ).set_gt_label(i)
            sample.set_field(torch.tensor([[1.0, 1, 9, 9]]), 'ori_gt_bboxes')
            yield dict(inputs=pixels[i : i + 1], data_samples=[sample])

    passes = []
    model.backbone.register_forward_hook(lambda *_: passes.append(1))
    views = collect_views(model, loader(), 'positive')
    assert len(passes) == 3 * 4  # the image, its mirror image, both larger
    passes.clear()
    images = collect_maps(model, loader())
    assert len(passes) == 3
    assert model.head.score_map_source == 'attention'
    for i, one in enumerate(images):
        assert set(one['maps']) == {
            *('attention', 'positive', 'features', 'ddt'),
            *('attention*positive', 'attention*features', 'attention*ddt'),
            *('positive*features', 'positive*ddt', 'features*ddt'),
        }
        for source, score_map in one['maps'].items():
            model.head.score_map_source = source
            with torch.no_grad():
                (sample,) = model.predict(pixels[i : i + 1], labels=[i])
            np.testing.assert_allclose(
                sample.score_map[0], score_map, atol=1e-5
            )
        model.head.score_map_source = 'attention'

    model.head.score_map_source = 'positive'
    for name, options in VIEWS_TRIED.items():
        for i, one in enumerate(views):
            with torch.no_grad():
                expected = mean_of_views(
                    lambda view, i=i: model.head.score_maps(
                        model.extract_feat(view), torch.tensor([[i]])
                    ),
                    pixels[i : i + 1],
                    **options,
                )[0, 0]
            np.testing.assert_allclose(one['maps'][name], expected, atol=1e-5)
            assert one['maps']['image'].shape == images[i]['maps']['ddt'].shape


def test_views_are_kept_only_if_they_gain_for_sure():
    for right, kept in ((range(41), True), (range(2), False)):
        images = [
            image(
                dict(
                    image=square(3),
                    flip=square(8 if i in right else 3),
                    larger=square(3),
                )
            )
            for i in range(60)
        ]
        comparison = Comparison(images, LocalizationMetric([0.5]))
        move = choose_views(comparison, '[]')
        assert move.to == Reading('flip')
        assert move.kept == kept
        assert move.tried == 2


def test_names_of_products():
    sources = ['attention', 'fuse', 'attention_fuse']
    assert sources_and_products(sources) == [
        *('attention', 'fuse', 'attention*fuse')
    ]
    both = image({'a': square(), 'b': square(), 'a*b': square()})
    comparison = Comparison([both], METRIC)
    for name in ('a*b', 'b*a'):
        assert comparison.reading(name, ['ivr']).source == 'a*b'
    with pytest.raises(ValueError, match='no image'):
        Comparison([], METRIC)
