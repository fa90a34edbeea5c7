"""All maps of a network on the same images, and the choice among them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmpretrain.structures import DataSample

from mmspg.engine.hooks import MapChoiceHook
from mmspg.evaluation import LocalizationMetric
from mmspg.evaluation.map_sources import (
    MapFigure,
    MapFigures,
    compare_map_sources,
    remember_branches,
)

SIDE = 20
BOX = [5, 5, 15, 15]  # centred, half of the sides


class Head:
    """Two maps: one is the object, the other all but it."""

    score_map_sources = ('wrong', 'right')
    score_map_source = 'wrong'

    def predict(self, feats, samples):
        for sample, image in zip(samples, feats, strict=True):
            right = self.score_map_source == 'right'
            score = image if right else 1 - image
            sample.set_field(score[None], 'score_map')
            sample.set_field(torch.tensor([0]), 'score_map_labels')
            sample.set_field(torch.tensor([1.0]), 'pred_score')
        return samples


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


def loader(number=3, batch=2):
    image = torch.zeros(SIDE, SIDE)
    image[5:15, 5:15] = 1
    for start in range(0, number, batch):
        samples = []
        for i in range(start, min(start + batch, number)):
            sample = DataSample(
                metainfo=dict(
                    img_id=str(i),
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
    figures = compare_map_sources(
        model, loader(), LocalizationMetric(thresholds=[0.5, 1])
    )
    assert model.passes == 2  # the batches
    assert model.head.score_map_source == 'wrong'  # as it was
    assert figures.images == 3
    assert figures.sources['right'] == MapFigure(100, 0.5)
    assert figures.sources['wrong'].gt_known == 0
    assert figures.centred == MapFigure(100, 0.5)
    assert figures.best('wrong') == 'right'


def test_a_fixed_threshold_is_kept():
    figures = compare_map_sources(
        Model(), loader(), LocalizationMetric([0.5, 1], threshold=1)
    )
    assert figures.sources['right'] == MapFigure(0, 1)


def test_the_current_map_wins_among_equals():
    figures = MapFigures(
        {name: MapFigure(50, 0.2) for name in 'abc'}, MapFigure(0, 1), 4
    )
    assert [figures.best(name) for name in 'abc'] == ['a', 'b', 'c']
    assert 'b ' in figures.table('b').split('<- chosen')[0].splitlines()[-1]


@pytest.mark.parametrize(('centred', 'told'), [(49, 0), (50, 1), (60, 1)])
def test_the_table_says_if_a_centred_box_is_as_good(centred, told):
    maps = {'a': MapFigure(50, 0.2), 'b': MapFigure(10, 0.2)}
    text = MapFigures(maps, MapFigure(centred, 0.7), 4).table('a')
    assert text.count('No map is better than the centred box') == told


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
