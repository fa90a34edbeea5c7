"""A threshold chosen on one split serves the test on another."""

import json

import pytest
import torch
from mmengine.config import Config
from samples import block, evaluate, sample

from mmspg.evaluation.choices import (
    store_choice,
    store_in_checkpoint,
    stored_choices,
    threshold_file,
)
from mmspg.evaluation.metrics import LocalizationMetric
from mmspg.evaluation.protocol import protocol_of, use_stored_choice
from mmspg.registry import METRICS

pytestmark = pytest.mark.quick  # runs on the second stack, too

CHOICE = dict(
    threshold=0.35,
    threshold_tight=0.5,
    threshold_loose=0.2,
    rule='largest_area',
    align_corners=False,
    chosen_on='val, 5 images',
)


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / 'epoch_3.pth'
    torch.save(dict(meta=dict(epoch=3), state_dict={}), path)
    return str(path)


def config(**options):
    metric = dict(type='mmspg.LocalizationMetric', **options)
    return Config(dict(test_evaluator=[metric, dict(type='Accuracy')]))


@pytest.mark.parametrize(
    ('source', 'rule', 'threshold'),
    [
        ('attention', 'largest_area', 0.2),
        ('attention*c', 'largest_area', 0.2),
        ('c', 'largest_area', 0.5),
        ('c', 'cam', 0.2),
    ],
)
def test_default_of_a_probability_is_one_half(source, rule, threshold):
    cfg = config(rule=rule)
    cfg.model = dict(head=dict(score_map_source=source))
    assert protocol_of(cfg).threshold == threshold


def test_beside_the_checkpoint(checkpoint):
    assert stored_choices(checkpoint) == []
    store_choice(CHOICE, threshold_file(checkpoint))
    assert stored_choices(checkpoint)[0]['threshold'] == 0.35


def test_in_the_checkpoint_with_all_else_kept(checkpoint, tmp_path):
    store_in_checkpoint(CHOICE, checkpoint)
    assert stored_choices(checkpoint)[0] == CHOICE
    assert torch.load(checkpoint)['meta']['epoch'] == 3
    assert [path.name for path in tmp_path.iterdir()] == ['epoch_3.pth']


def test_a_metric_without_threshold_takes_what_is_stored(checkpoint):
    store_in_checkpoint(CHOICE, checkpoint)
    cfg = config()
    use_stored_choice(cfg, checkpoint)
    assert cfg.test_evaluator[0].threshold.threshold == 0.35
    assert 'threshold' not in cfg.test_evaluator[1]


@pytest.mark.parametrize('threshold', ['oracle', 0.7])
def test_a_threshold_of_the_config_stays(checkpoint, threshold):
    store_in_checkpoint(CHOICE, checkpoint)
    cfg = config(threshold=threshold)
    use_stored_choice(cfg, checkpoint)
    assert cfg.test_evaluator[0].threshold == threshold


def test_a_single_evaluator_and_none(checkpoint):
    store_in_checkpoint(CHOICE, checkpoint)
    cfg = Config(dict(test_evaluator=dict(type='mmspg.LocalizationMetric')))
    use_stored_choice(cfg, checkpoint)
    assert cfg.test_evaluator.threshold.threshold == 0.35
    use_stored_choice(Config(dict()), checkpoint)


def test_nothing_stored_is_an_error_only_where_it_is_required(checkpoint):
    cfg = config()
    use_stored_choice(cfg, checkpoint)
    assert 'threshold' not in cfg.test_evaluator[0]
    with pytest.raises(ValueError, match='sweep_threshold.py'):
        use_stored_choice(config(threshold='checkpoint'), checkpoint)


def test_another_rule_is_not_taken_silently(checkpoint):
    store_in_checkpoint(CHOICE, checkpoint)
    cfg = config(rule='cam')
    use_stored_choice(cfg, checkpoint)
    assert 'threshold' not in cfg.test_evaluator[0]
    with pytest.raises(ValueError, match="rule='largest_area'"):
        use_stored_choice(
            config(rule='cam', threshold='checkpoint'), checkpoint
        )


@pytest.mark.parametrize(
    'stored, here', [({}, ['percentile']), (['max'], []), (['max'], ['ivr'])]
)
def test_other_steps_are_not_taken_silently(checkpoint, stored, here):
    made = dict(score_map_steps=stored) if stored else {}
    store_in_checkpoint(CHOICE | made, checkpoint)
    with pytest.raises(ValueError, match='chosen with score_map_steps='):
        use_stored_choice(
            config(score_map_steps=here, threshold='checkpoint'), checkpoint
        )
    same = config(score_map_steps=stored or [], threshold='checkpoint')
    use_stored_choice(same, checkpoint)
    assert same.test_evaluator[0].threshold['threshold'] == 0.35


def test_each_metric_takes_the_choice_only_if_it_fits(checkpoint):
    store_in_checkpoint(CHOICE, checkpoint)
    loc = 'mmspg.LocalizationMetric'
    metrics = [
        dict(type=loc, rule='largest_contour'),
        dict(type=loc),
        dict(type=loc, score_map_steps=['ivr']),
        dict(type='mmspg.MapQuality', threshold='checkpoint'),
        dict(type='mmspg.MaxBoxAcc'),
    ]
    cfg = Config(dict(test_evaluator=metrics))
    use_stored_choice(cfg, checkpoint)
    taken = [one.get('threshold') for one in cfg.test_evaluator]
    assert [t and t.threshold for t in taken] == [None, 0.35, None, 0.35, None]


@pytest.mark.parametrize('several', [False, True])
def test_max_box_acc_takes_the_choice_of_its_rule(checkpoint, several):
    rule = 'all_contours' if several else 'largest_contour'
    metric = dict(
        type='mmspg.MaxBoxAcc', threshold='checkpoint', multi_iou=several
    )
    store_in_checkpoint(CHOICE, checkpoint)
    with pytest.raises(ValueError, match=f'MaxBoxAcc: .*{rule}'):
        use_stored_choice(Config(dict(test_evaluator=metric)), checkpoint)
    store_in_checkpoint(dict(CHOICE, rule=rule), checkpoint)
    cfg = Config(dict(test_evaluator=metric))
    use_stored_choice(cfg, checkpoint)
    assert METRICS.build(cfg.test_evaluator).choice.index is not None


def test_the_report_names_the_split_it_was_chosen_on(tmp_path):
    path = tmp_path / 'choice.json'
    store_choice(CHOICE, path)
    box = (2, 2, 5, 5)
    samples = [sample(0, [box], {3: block(box)}, 3, [3])]
    for threshold in (str(path), CHOICE):
        metric = LocalizationMetric(
            threshold=threshold, top5_star='thresholds'
        )
        figures = evaluate(metric, samples)
        assert figures['threshold'] == 0.35
        assert figures['threshold_tight'] == 0.5
        assert figures['threshold_loose'] == 0.2
        assert 'chosen on val, 5 images' in figures['protocol']
        assert 'oracle' not in figures['protocol']


@pytest.mark.parametrize('text', ['', '[]', '{}', '{"threshold": "x"}'])
def test_a_file_without_a_choice_is_refused(tmp_path, text):
    path = tmp_path / 'choice.json'
    path.write_text(text)
    with pytest.raises(ValueError, match='choice.json'):
        LocalizationMetric(threshold=str(path))
    assert json.loads(json.dumps(CHOICE)) == CHOICE
