"""One box by regression: its loss, what it learns, and where it lands."""

import numpy as np
import pytest
import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from mmspg.apis.export import (
    ExportModel,
    export_onnx,
    export_program,
    run_onnx,
    run_program,
)
from mmspg.engine.hooks.sample_recorder import kept_fields
from mmspg.evaluation.locate import locate, locate_objects
from mmspg.evaluation.map_sources import available_sources
from mmspg.evaluation.protocol import Protocol

SIDE = 32


def build(**head):
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='ImageClassifier',
            backbone=dict(type='mmspg.TinyTrunk', channels=(4, 8, 8, 8, 8)),
            neck=dict(
                type='mmspg.SPGNeck',
                in_channels=(8, 8, 8),
                a3_channels=(16,),
                with_b=False,
                with_c=False,
            ),
            head=dict(
                type='mmspg.PSOLHead', num_classes=3, in_channels=16, **head
            ),
        )
    )
    model.init_weights()
    return model


def sample(*boxes, label=0):
    found = DataSample(metainfo=dict(img_shape=(SIDE, SIDE)))
    if boxes:
        found.set_field(torch.tensor(boxes).float(), 'gt_bboxes')
    return found.set_gt_label(label)


def giou(one, two):
    """In plain words."""
    (a, b, c, d), (e, f, g, h) = one, two
    inter = max(0, min(c, g) - max(a, e)) * max(0, min(d, h) - max(b, f))
    union = (c - a) * (d - b) + (g - e) * (h - f) - inter
    hull = (max(c, g) - min(a, e)) * (max(d, h) - min(b, f))
    return inter / union - (hull - union) / hull


def test_the_loss_is_of_the_largest_box_of_images_that_have_one():
    model = build().eval()
    images = torch.randn(4, 3, SIDE, SIDE)
    samples = [
        sample([2, 2, 6, 6], [8, 4, 28, 20]),
        sample(),
        sample([0, 4, 1, 20]),  # the rim of an object, cropped
        sample([0, 0, 32, 32]),
    ]
    losses = model.loss(images, samples)
    boxes = model.head.boxes(model.extract_feat(images)).tolist()
    expected = 0
    for box, truth in (
        (boxes[0], [8 / 32, 4 / 32, 28 / 32, 20 / 32]),
        (boxes[3], [0, 0, 1, 1]),
    ):
        expected += np.abs(np.subtract(box, truth)).sum()
        expected += 1 - giou(box, truth)
    assert losses['loss_box'].item() == pytest.approx(
        5 * expected / 2, rel=1e-4
    )
    none = model.loss(images[:1], [sample()])
    assert none['loss_box'] == 0


def test_it_learns_where_squares_are():
    rng = np.random.default_rng(0)
    images, samples = torch.zeros(32, 3, SIDE, SIDE), []
    for i in range(32):
        x, y = rng.integers(0, 20, 2)
        images[i, :, y : y + 10, x : x + 10] = 2
        samples.append(sample([x, y, x + 10, y + 10], label=i % 3))
    model = build().train()
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(150):
        optimizer.zero_grad()
        sum(model.loss(images, samples).values()).backward()
        optimizer.step()
    boxes = model.head.boxes(model.extract_feat(images)).detach() * SIDE
    truth = [s.gt_bboxes[0].tolist() for s in samples]
    good = [giou(b, t) > 0.5 for b, t in zip(boxes.tolist(), truth)]  # noqa: B905
    assert np.mean(good) > 0.8


def laid_back(homography=None, box=(0.25, 0.5, 0.75, 1.0), label=1):
    found = DataSample(
        metainfo=dict(ori_shape=(40, 80), img_shape=(SIDE, SIDE))
    )
    if homography is not None:
        found.set_metainfo(dict(homography=np.array(homography)))
    found.set_pred_score(torch.tensor([0.3, 0.6, 0.1])).set_pred_label(label)
    found.score_map = torch.rand(3, 4, 4)
    found.score_map_labels = torch.arange(3)
    found.pred_box = torch.tensor(box)
    return found


@pytest.mark.parametrize(
    'homography, box',
    [
        (None, [20, 20, 59, 39]),
        # mirrored: the share .25 of the input is .75 of the image
        ([[-0.4, 0, 32], [0, 0.8, 0], [0, 0, 1]], [20, 20, 59, 39]),
        # the input is the left half of the image
        ([[0.8, 0, 0], [0, 0.8, 0], [0, 0, 1]], [10, 20, 29, 39]),
    ],
)
def test_the_box_is_laid_on_the_image(homography, box):
    found = laid_back(homography)
    for threshold in (0.1, 0.9):
        assert locate(found, threshold).box.tolist() == box
    assert locate(found, [0.1, 0.9]).box.tolist() == [box, box]
    (one,) = locate_objects(found, [1], Protocol(0.2, valley=0.1))
    assert (one.box.tolist(), one.score) == (box, pytest.approx(0.6))


def test_a_box_never_leaves_the_image_nor_is_empty():
    for box in ((-0.5, -0.5, 1.5, 1.5), (0.999, 0.999, 1.2, 1.2)):
        x0, y0, x1, y1 = locate(laid_back(box=box), 0.2).box
        assert 0 <= x0 <= x1 <= 79
        assert 0 <= y0 <= y1 <= 39


@pytest.mark.parametrize('kind', ['onnx', 'pt2'])
def test_the_exported_file_gives_the_box_itself(kind, tmp_path):
    if kind == 'onnx':
        pytest.importorskip('onnxscript')
        pytest.importorskip('onnxruntime')
    model = ExportModel(build()).eval()
    path = tmp_path / f'model.{kind}'
    write, load = dict(
        onnx=(export_onnx, run_onnx), pt2=(export_program, run_program)
    )[kind]
    write(model, path, 64)
    images = torch.rand(3, 3, 48, 80) * 255
    labels = torch.zeros(3, dtype=torch.int64)
    with torch.no_grad():
        expected = model(images, labels)
    found = load(path)(images.numpy(), labels.numpy())
    assert len(found) == 3
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, two.numpy(), atol=1e-4)


def test_the_recorded_box_is_that_of_the_network():
    model = build().eval()
    with torch.no_grad():
        [found] = model.predict(torch.rand(1, 3, SIDE, SIDE), [sample()])
    found.set_metainfo(dict(ori_shape=(60, 80)))
    fields = found.cpu().numpy().to_dict()
    kept = kept_fields({**fields, 'gt_label': np.array([0])})
    assert np.array_equal(locate(kept, 0.5).box, locate(found, 0.5).box)
    assert available_sources(model) == []


def test_mixed_images_are_refused():
    mixed = sample([1, 1, 9, 9]).set_gt_score(torch.ones(3) / 3)
    with pytest.raises(ValueError, match='soft targets'):
        build().loss(torch.rand(1, 3, SIDE, SIDE), [mixed])
