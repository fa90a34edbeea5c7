"""All maps of a network on the same images, and the choice among them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmpretrain.structures import DataSample

from mmspg.engine.hooks import MapChoiceHook
from mmspg.evaluation import LocalizationMetric
from mmspg.evaluation.map_choice import (
    CENTRED,
    SHARES,
    MapComparison,
    best_map,
    compare_centred,
    compare_map_sources,
)
from mmspg.evaluation.map_sources import remember_branches
from mmspg.evaluation.map_tables import training_table
from mmspg.evaluation.paired_hits import PairedHits, Reading

SIDE = 20
BOX = [5, 5, 15, 15]  # centred, half of the sides


class Head:
    """Two maps: one is the object, the other all but it."""

    score_map_sources = ('wrong', 'right')
    score_map_source = 'wrong'

    def score_maps(self, feats, labels):
        right = self.score_map_source != 'wrong'
        return (feats if right else 1 - feats)[:, None]


class Model:
    passes = 0

    def __init__(self):
        self.head = Head()

    def data_preprocessor(self, batch):
        return batch

    def extract_feat(self, inputs):
        self.passes += 1
        return inputs

    def eval(self):
        return self


def loader(number=3, batch=2, repeat=1):
    image = torch.zeros(SIDE, SIDE)
    image[5:15, 5:15] = 1
    for start in range(0, number, batch):
        samples = []
        for i in range(start, min(start + batch, number)):
            sample = DataSample(
                metainfo=dict(
                    img_id=str(i // repeat),
                    ori_shape=(SIDE, SIDE),
                    img_shape=(SIDE, SIDE),
                )
            )
            sample.set_gt_label(0)
            sample.set_field(torch.tensor([BOX]).float(), 'ori_gt_bboxes')
            samples.append(sample)
        yield dict(
            inputs=torch.stack([image] * len(samples)), data_samples=samples
        )


def test_one_pass_gives_all_maps_and_the_centred_box():
    model = Model()
    maps, centred, start = compare_map_sources(
        model, loader(), LocalizationMetric(thresholds=[0.5, 1])
    )
    assert model.passes == 2  # the batches
    assert model.head.score_map_source == 'wrong'  # as it was
    assert start == Reading('wrong')
    assert maps.number == centred.number == 3
    assert maps.figure(Reading('right')) == (100, 0.5)
    assert maps.figure(start)[0] == 0
    # The box has half of each side: IoU is a ratio of two squares.
    right = [min(s / 0.5, 0.5 / s) ** 2 >= 0.5 for s in SHARES]
    near = [abs(min(s / 0.5, 0.5 / s) ** 2 - 0.5) < 0.05 for s in SHARES]
    found = centred.hits(CENTRED)[0]  # of whole pixels
    assert all(found[i] == right[i] or near[i] for i in range(len(SHARES)))
    assert found[SHARES == 0.5].all()


def test_images_that_a_sampler_repeats_count_once():
    compared = compare_map_sources(
        Model(), loader(4, repeat=2), LocalizationMetric([0.5])
    )
    assert compared.maps.number == compared.centred.number == 2


def test_the_map_of_the_config_is_compared_even_if_it_is_a_product():
    model = Model()
    model.head.score_map_source = 'right*wrong'
    compared = compare_map_sources(model, loader(), LocalizationMetric([0.5]))
    assert compared.start == Reading('right*wrong')
    assert best_map(compared) == compared.start  # 'right' is no better


def test_a_fixed_threshold_is_kept():
    maps = compare_map_sources(
        Model(), loader(), LocalizationMetric([0.5, 1], threshold=1)
    ).maps
    assert maps.figure(Reading('right')) == (0, 1)


def compared(centred=0, **hits):
    """Some maps, right on so many of 100 images; the first is the config's."""

    def bits(number):
        return np.arange(100)[:, None] < number

    start, *_ = readings = [Reading(name) for name in hits]
    maps = zip(readings, map(bits, hits.values()), strict=True)
    return MapComparison(
        PairedHits(dict(maps), [0.2], 100),
        PairedHits({CENTRED: bits(centred)}, [0.7], 100),
        start,
    )


@pytest.mark.parametrize('first', 'abc')
def test_the_current_map_wins_among_equals(first):
    hits = dict.fromkeys([first, *'abc'], 50)
    found = compared(**hits)
    assert best_map(found).source == first
    table = training_table(found, best_map(found))
    assert f'{first} is kept, as no map is better' in table


@pytest.mark.parametrize(('number', 'luck'), [(51, True), (80, False)])
def test_the_table_says_if_a_gain_may_be_luck(number, luck):
    found = compared(a=50, b=number, c=20)
    best = best_map(found)
    assert best.source == 'b'
    text = training_table(found, best)
    assert 'b replaces a.' in text
    assert ('cannot show that it is better' in text) == luck
    (row,) = (line for line in text.splitlines() if line.startswith('b  '))
    (gain,) = found.maps.gains([best], found.start)
    assert f'{gain.mean:+.1f} (' in row
    assert row.endswith('<- chosen')


@pytest.mark.parametrize(('centred', 'told'), [(49, 0), (50, 1), (60, 1)])
def test_the_table_says_if_a_centred_box_is_as_good(centred, told):
    text = training_table(compared(centred, a=50, b=10), Reading('a'))
    assert text.count('No map is better than the centred box') == told
    assert '70% of the sides' in text


def test_a_centred_box_is_judged_on_the_stored_image():
    image = dict(
        img_id=0,
        ori_shape=(40, 80),
        ori_gt_bboxes=np.array([[0, 0, 80, 40], [30, 15, 50, 25]]),
    )
    hits = compare_centred([image], LocalizationMetric(iou_thr=0.99))
    shares = SHARES[hits.hits(CENTRED)[0]]
    np.testing.assert_allclose(shares, [0.25, 1])


def runner(metric, at_end=True):
    cfg = SimpleNamespace(model=SimpleNamespace(head=Head()))
    told = []
    return SimpleNamespace(
        cfg=cfg,
        model=Model(),
        iter=10 if at_end else 9,
        max_iters=10,
        val_evaluator=SimpleNamespace(metrics=[metric]),
        val_dataloader=loader(),
        dump_config=lambda: None,
        logger=SimpleNamespace(info=told.append),
        told=told,
    )


@pytest.mark.parametrize('at_end', [True, False])
def test_the_hook_keeps_the_best_map_at_the_end(at_end):
    run = runner(LocalizationMetric([0.5]), at_end)
    MapChoiceHook().before_val_epoch(run)
    chosen = 'right' if at_end else 'wrong'
    assert run.model.head.score_map_source == chosen
    assert run.cfg.model.head.score_map_source == chosen
    assert len(run.told) == at_end


def test_without_boxes_nothing_is_chosen():
    run = runner(SimpleNamespace())
    MapChoiceHook().before_val_epoch(run)
    assert run.model.head.score_map_source == 'wrong'
    assert not run.told


def test_each_branch_is_computed_once():
    from mmpretrain.registry import MODELS

    neck = MODELS.build(
        dict(
            type='mmspg.SPGNeck',
            in_channels=(4, 4, 4),
            a3_channels=(4,),
            b_channels=4,
            c_channels=(4,),
        )
    )
    calls = []
    neck.spg_b_shared.register_forward_hook(lambda *_: calls.append(1))
    feats = remember_branches(neck([torch.rand(1, 4, 6, 6)] * 3))
    for _ in range(3):
        feats.b1()
    assert len(calls) == 1
    np.testing.assert_array_equal(feats.b2().detach(), feats.b2().detach())
