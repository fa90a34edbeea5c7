"""Hand-drawn cases of Top-1, Top-5, GT-known and Top-5*."""

import numpy as np
import pytest
import torch
from samples import block, evaluate, sample

from mmspg.evaluation import LocalizationMetric
from mmspg.registry import METRICS

pytestmark = pytest.mark.quick  # runs on the second stack, too

TRUE = (2, 2, 5, 5)  # 16 pixels
FAR = (8, 6, 9, 7)


def test_a_right_box_under_a_wrong_class_counts_for_gt_known_only():
    right = sample(0, [TRUE], {3: block(TRUE)}, 3, [7, 8, 1, 2, 4, 5])
    figures = evaluate(LocalizationMetric(), [right])
    assert figures['gt_known_acc'] == 100
    assert figures['top1_acc'] == figures['top5_acc'] == 0
    assert figures['top1_err'] == 100
    assert figures['gt_known_err'] == 0


def test_a_wrong_box_under_the_right_class_counts_nowhere():
    wrong = sample(0, [TRUE], {3: block(FAR), 7: block(TRUE)}, 3, [3, 7])
    figures = evaluate(LocalizationMetric(), [wrong])
    assert figures['gt_known_acc'] == figures['top1_acc'] == 0
    assert figures['top5_acc'] == 0
    assert figures['cls_top1_acc'] == 100


@pytest.mark.parametrize(
    'place, top1, top5',
    [(0, 100, 100), (1, 0, 100), (4, 0, 100), (5, 0, 0)],
)
def test_the_rank_of_the_true_class_decides(place, top1, top5):
    ranked = [7, 8, 1, 2, 4]
    ranked.insert(place, 3)
    figures = evaluate(
        LocalizationMetric(),
        [sample(0, [TRUE], {3: block(TRUE)}, 3, ranked)],
    )
    assert figures['top1_acc'] == figures['cls_top1_acc'] == top1
    assert figures['top5_acc'] == figures['cls_top5_acc'] == top5
    assert figures['gt_known_acc'] == 100


def test_any_of_several_true_boxes_will_do():
    several = sample(0, [FAR, TRUE, (0, 0, 0, 0)], {3: block(TRUE)}, 3, [3])
    assert evaluate(LocalizationMetric(), [several])['top1_acc'] == 100


def test_iou_of_exactly_half_is_right_unless_strict():
    half = sample(0, [(2, 2, 5, 3)], {3: block(TRUE)}, 3, [3])
    assert evaluate(LocalizationMetric(), [half])['gt_known_acc'] == 100
    strict = evaluate(LocalizationMetric(strict=True), [half])
    assert strict['gt_known_acc'] == 0
    assert 'IoU > 0.5' in strict['protocol']


def test_classes_of_equal_score_rank_by_their_index():
    tie = sample(0, [TRUE], {3: block(TRUE)}, 3, [3])
    tie['pred_score'] = torch.full((10,), 0.1)
    figures = evaluate(LocalizationMetric(), [tie])
    assert (figures['top1_acc'], figures['top5_acc']) == (0, 100)


def test_scores_that_are_not_numbers_are_wrong():
    nan = sample(0, [TRUE], {3: block(TRUE)}, 3, [3])
    nan['pred_score'] = torch.full((10,), float('nan'))
    figures = evaluate(LocalizationMetric(), [nan])
    assert figures['cls_top5_acc'] == figures['top5_acc'] == 0


def two_steps(inner, outer):
    """1 in the inner box, .5 in the outer one: thresholds < .5 give outer."""
    return np.maximum(block(inner), block(outer, value=0.5))


def two_threshold_samples():
    """Image 0 is right above .5 only, 1 below only, 2 and 3 above only."""
    inner, outer = (2, 2, 4, 4), (0, 0, 8, 7)
    steps = two_steps(inner, outer)
    return [
        sample(0, [inner], {3: steps}, 3, [3]),
        sample(1, [outer], {3: steps}, 3, [8, 3]),
        sample(2, [inner], {3: steps}, 3, [8, 3]),
        sample(3, [inner], {3: steps}, 3, [8, 9, 3]),
    ]


def test_the_oracle_is_the_lowest_of_the_best_for_gt_known():
    metric = LocalizationMetric(thresholds=[0.8, 0.25, 0.6])
    figures = evaluate(metric, two_threshold_samples())
    assert figures['threshold'] == 0.6
    assert figures['gt_known_acc'] == 75
    assert 'oracle' in figures['protocol']


def test_one_threshold_serves_all_and_each_optimum_stands_beside():
    metric = LocalizationMetric(thresholds=[0.25, 0.6], threshold=0.25)
    figures = evaluate(metric, two_threshold_samples())
    assert figures['threshold'] == 0.25
    assert figures['gt_known_acc'] == 25
    assert figures['top1_acc'] == 0
    assert figures['oracle_gt_known_acc'] == 75
    assert figures['oracle_gt_known_threshold'] == 0.6
    assert figures['oracle_top1_acc'] == 25
    assert 'threshold 0.25 (fixed)' in figures['protocol']
    assert 'largest_area' in figures['protocol']
    assert 'original resolution' in figures['protocol']


def test_a_fixed_threshold_off_the_grid_is_evaluated_exactly():
    figures = evaluate(
        LocalizationMetric(thresholds=[0.9], threshold=0.123),
        two_threshold_samples(),
    )
    assert figures['threshold'] == 0.123
    assert figures['gt_known_acc'] == 25


@pytest.mark.parametrize('options', [dict(rule='cam'), dict(thresholds=[0.2])])
def test_one_threshold_alone_is_no_oracle(options):
    metric = LocalizationMetric(**options)
    figures = evaluate(metric, two_threshold_samples())
    assert 'threshold 0.2 (fixed)' in figures['protocol']


def test_top5_star_by_two_thresholds():
    metric = LocalizationMetric(
        thresholds=[0.25, 0.6], threshold=0.6, top5_star='thresholds'
    )
    figures = evaluate(metric, two_threshold_samples())
    # Tight .6 and loose .25: images 0, 1, 2; the third class has no tight
    # box. Both at .6: 0, 2, 3. Equal; the lower tight threshold wins.
    assert figures['top5_acc'] == 75
    assert figures['top5_star_acc'] == 75
    assert figures['threshold_tight'] == 0.6
    assert figures['threshold_loose'] == 0.25


def test_top5_star_thresholds_can_be_fixed():
    metric = LocalizationMetric(
        thresholds=[0.25],
        threshold=0.25,
        top5_star='thresholds',
        star_thresholds=(0.7, 0.7),
    )
    figures = evaluate(metric, two_threshold_samples())
    assert figures['top5_star_acc'] == 75
    with pytest.raises(ValueError, match='comes first'):
        LocalizationMetric(star_thresholds=(0.2, 0.7))


def test_top5_star_by_two_components():
    small, large = (0, 0, 1, 1), (4, 2, 8, 6)
    maps = {3: np.maximum(block(small), block(large))}
    samples = [
        sample(0, [small], maps, 3, [3]),
        sample(1, [small], maps, 3, [8, 3]),
        sample(2, [small], maps, 3, [8, 9, 3]),  # one box only
        sample(3, [large], maps, 3, [8, 9, 3]),
        sample(4, [large], maps, 3, [8, 9, 7, 3]),  # no box at all
        sample(5, [small], {3: block(large)}, 3, [3]),  # one component
    ]
    figures = evaluate(LocalizationMetric(top5_star='components'), samples)
    assert figures['top5_star_acc'] == 50
    assert figures['gt_known_acc'] == pytest.approx(100 / 3)


def test_top5_star_by_brute_force():
    rng = np.random.default_rng(0)
    ts = np.array([0.1, 0.3, 0.5, 0.7])
    samples, pairs = [], np.zeros((4, 4))
    for index in range(30):
        levels = rng.random((8, 10)).astype(np.float32)
        rank = int(rng.integers(0, 5))
        ranked = [i for i in range(9) if i != 5]
        ranked.insert(rank, 5)
        box = (1, 1, int(rng.integers(4, 10)), int(rng.integers(4, 8)))
        samples.append(sample(index, [box], {5: levels}, 5, ranked))
        alone = []
        for t in ts:
            metric = LocalizationMetric(thresholds=[t], threshold=float(t))
            found = evaluate(metric, [samples[-1]])
            alone.append(found['gt_known_acc'] == 100)
        for tight in range(4):
            for loose in range(tight + 1):
                boxes = [alone[tight], alone[loose]]
                kept = {0: boxes, 1: boxes, 2: boxes[1:]}.get(rank, [])
                pairs[tight, loose] += any(kept)
    metric = LocalizationMetric(thresholds=ts, top5_star='thresholds')
    figures = evaluate(metric, samples)
    assert figures['top5_star_acc'] == pytest.approx(pairs.max() / 0.3)


def test_error_split_adds_up_to_the_top1_error():
    two = [(0, 0, 3, 3), (6, 4, 9, 7)]
    samples = [
        sample(0, [TRUE], {3: block(TRUE)}, 3, [3]),  # right
        sample(1, [TRUE], {3: block(FAR)}, 3, [4, 3]),  # wrong class
        sample(2, [(0, 0, 9, 7)], {3: block(TRUE)}, 3, [3]),  # part
        sample(3, [TRUE], {3: block((0, 0, 8, 7))}, 3, [3]),  # more
        sample(4, two, {3: block((0, 0, 8, 7))}, 3, [3]),  # several
        sample(5, [TRUE], {3: block(FAR)}, 3, [3]),  # wrong box
        sample(6, [TRUE], {3: block(FAR)}, 3, [3]),  # wrong box
    ]
    metric = LocalizationMetric(error_split=True)
    figures = evaluate(metric, samples)
    shares = {
        name: round(figures[f'error_{name}'] * 7 / 100)
        for name in ('class', 'part', 'more', 'several', 'box')
    }
    assert shares == dict({'class': 1}, part=1, more=1, several=1, box=2)
    assert sum(figures[f'error_{name}'] for name in shares) == pytest.approx(
        figures['top1_err']
    )


def test_several_iou_thresholds_in_one_pass():
    close = sample(0, [(2, 2, 5, 4)], {3: block(TRUE)}, 3, [3])  # .75
    figures = evaluate(LocalizationMetric(iou_thr=[0.5, 0.7, 0.9]), [close])
    assert figures['gt_known_acc'] == figures['gt_known_acc_iou70'] == 100
    assert figures['gt_known_acc_iou90'] == 0
    assert figures['top1_err_iou90'] == 100


def test_per_class_figures_carry_the_names():
    metric = LocalizationMetric(per_class=True)
    metric.dataset_meta = dict(classes=[f'class {i}' for i in range(10)])
    figures = evaluate(
        metric,
        [
            sample(0, [TRUE], {3: block(TRUE)}, 3, [3]),
            sample(1, [TRUE], {3: block(FAR)}, 3, [3]),
            sample(2, [TRUE], {4: block(TRUE)}, 4, [3, 4]),
            sample(3, [TRUE], {4: block(TRUE)}, 4, [3, 0, 1, 2, 5, 4]),
        ],
    )
    assert set(figures['per_class']) == {'class 3', 'class 4'}
    three, four = (figures['per_class'][f'class {i}'] for i in (3, 4))
    assert three['images'] == 2
    assert three['gt_known_acc'] == three['top1_acc'] == 50
    assert three['top5_acc'] == 50
    assert (four['top1_acc'], four['top5_acc']) == (0, 50)
    assert (four['cls_top1_acc'], four['cls_top5_acc']) == (0, 50)


def test_curves_have_a_value_at_every_threshold():
    metric = LocalizationMetric(thresholds=[0.25, 0.6])
    evaluate(metric, two_threshold_samples())
    curves = metric.curves
    assert curves['thresholds'] == [0.25, 0.6]
    assert curves['gt_known_acc'] == [25, 75]
    assert curves['top1_acc'] == [0, 25]


def test_the_map_of_a_centre_crop_is_laid_back():
    image = (20, 16)
    inside = sample(0, [(7, 6, 10, 9)], {3: block(TRUE)}, 3, [3])
    inside['ori_shape'] = image[::-1]
    inside['homography'] = np.array([[1, 0, -5.0], [0, 1, -4.0], [0, 0, 1]])
    figures = evaluate(LocalizationMetric(iou_thr=1.0), [inside])
    assert figures['gt_known_acc'] == 100


def test_constant_and_nan_maps_have_no_box_and_warn(monkeypatch):
    said = []
    monkeypatch.setattr(
        'mmspg.evaluation.metrics.record_metric.warn',
        lambda text, **kwargs: said.append(text),
    )
    flat = [
        sample(0, [TRUE], {3: np.full((8, 10), 0.3, np.float32)}, 3, [3]),
        sample(1, [TRUE], {3: np.full((8, 10), np.nan, np.float32)}, 3, [3]),
        sample(2, [TRUE], {3: block(TRUE)}, 3, [3]),
    ]
    assert evaluate(LocalizationMetric(), flat)['gt_known_acc'] == (
        pytest.approx(100 / 3)
    )
    assert any('2 of 3 score maps' in text for text in said)


def test_a_record_is_at_most_a_kibibyte():
    metric = LocalizationMetric(
        thresholds=1000, iou_thr=[0.5, 0.7], error_split=True
    )
    metric.process(None, two_threshold_samples())
    (_, record) = metric.results[0]
    assert len(record.bits) == 625
    assert len(metric.results) == 4
    with pytest.raises(ValueError, match='ask for fewer'):
        LocalizationMetric(thresholds=1000, iou_thr=[0.1] * 9)


@pytest.mark.parametrize(
    'options, words',
    [
        (dict(rule='largest'), 'valid rules: largest_area'),
        (dict(rule='all_contours'), 'MaxBoxAcc'),
        (dict(top5_star=True), 'components'),
        (dict(threshold='checkpoint'), 'tools/test.py'),
        (dict(threshold='no.json'), 'no such file'),
        (dict(thresholds=[]), 'number of thresholds'),
        (dict(thresholds=[float('nan')]), 'number of thresholds'),
    ],
)
def test_bad_options_name_the_valid_ones(options, words):
    with pytest.raises(ValueError, match=words):
        LocalizationMetric(**options)


@pytest.mark.parametrize(
    'change, words',
    [
        (lambda s: s.pop('ori_gt_bboxes'), 'no true box'),
        (lambda s: s.pop('gt_label'), 'one gt_label'),
        (lambda s: s.pop('score_map'), 'CAMHead'),
        (
            lambda s: s.update(score_map_labels=torch.arange(4, 10)),
            'score_map_gt=True',
        ),
    ],
)
def test_bad_samples_are_named(change, words):
    bad = sample(5, [TRUE], {3: block(TRUE)}, 3, [3])
    change(bad)
    with pytest.raises(ValueError, match=words) as error:
        LocalizationMetric().process(None, [bad])
    assert '5.jpg' in str(error.value)


def test_the_parts_of_a_concat_dataset_all_count():
    right = sample(0, [TRUE], {3: block(TRUE)}, 3, [3])
    wrong = sample(0, [TRUE], {3: block(FAR)}, 3, [3])
    parts = [
        dict(part, img_path=path)
        for part, path in ((right, 'val/0.jpg'), (wrong, 'test/0.jpg'))
    ]
    # The sampler repeats the first one.
    figures = evaluate(LocalizationMetric(), [*parts, parts[0]], size=2)
    assert figures['gt_known_acc'] == 50


def test_an_empty_split_is_an_error():
    with pytest.raises(ValueError, match='empty'):
        LocalizationMetric().evaluate(0)


def test_it_builds_from_a_config():
    metric = METRICS.build(dict(type='mmspg.LocalizationMetric'))
    assert metric.prefix == 'loc'
