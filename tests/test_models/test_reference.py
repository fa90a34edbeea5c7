"""Our network against the outputs of both released codes."""

import importlib.util

import numpy as np
import pytest
import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

CONVERTER = 'tools/model_converters/convert_checkpoint.py'

# Each code's settings, and how far float32 sums in another order may differ.
CODES = {
    'authors': dict(
        prefix='authors_',
        shapes='authors_spg.json',
        head=dict(
            thresholds_a=(0.7, 0.05), align_corners=True, min_foreground=30
        ),
    ),
    'benchmark': dict(
        prefix='wsolevaluation_',
        shapes='wsolevaluation_spg.json',
        head=dict(
            thresholds_a=(0.7, 0.01), align_corners=False, min_foreground=30
        ),
    ),
}
ATOL = 2e-4


def load_module(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope='module')
def weights(shared):
    return load_module(shared / 'reference' / 'weights.py')


def reference(shared, name, size=''):
    """Give the arrays that a code computed, by key."""
    data = np.load(shared / 'reference' / f'network_public{size}.npz')
    return lambda key: data[CODES[name]['prefix'] + key]


@pytest.fixture(scope='module', params=list(CODES))
def code(request, shared, weights, root):
    """The name of a code, and our network with its weights."""
    settings = CODES[request.param]
    theirs = weights.load(shared / 'reference' / settings['shapes'])
    ours, _, dropped = load_module(root / CONVERTER).convert(
        theirs, request.param
    )
    assert not dropped
    model = MODELS.build(
        dict(
            type='ImageClassifier',
            backbone=dict(type='mmspg.TruncatedInceptionV3'),
            neck=dict(type='mmspg.SPGNeck', c_channels=(512,)),
            head=dict(
                type='mmspg.SPGHead',
                num_classes=20,
                in_channels=1024,
                **settings['head'],
            ),
        )
    )
    model.load_state_dict(ours)
    return request.param, model.eval()


def close(ours, theirs):
    np.testing.assert_allclose(
        ours.numpy().reshape(theirs.shape), theirs, atol=ATOL, rtol=1e-5
    )


def compare_maps(model, feats, labels, get):
    close(model.head(feats), get('logits'))
    close(feats.b1(), get('b1'))
    close(feats.b2(), get('b2'))
    close(feats.c(), get('c'))
    every = torch.arange(20).expand(len(labels), -1)
    try:
        close(model.head.class_maps(feats, every), get('class_maps'))
    except KeyError:  # the benchmark keeps the ground truth's only
        close(model.head.class_maps(feats, labels[:, None]), get('cam_gt'))


@torch.no_grad()
def test_outputs_masks_and_losses_at_224(code, shared, weights):
    name, model = code
    get = reference(shared, name)
    images, labels = weights.inputs(0, 2, 224)
    feats = model.extract_feat(images)
    compare_maps(model, feats, labels, get)
    stages = model.head.guide(feats, labels, 224)
    close(stages['attention'], get('attention'))
    # A sum in another order may carry a pixel over a threshold it lies on.
    b2, b1 = stages['b2'].sigmoid(), stages['b1'].sigmoid()
    for mask, source in (
        ('a', stages['attention']),
        ('b2', b2),
        ('fuse', (b1 + b2) / 2),
    ):
        differs = stages[f'mask_{mask}'].numpy() != get(f'mask_{mask}')
        values = source.numpy()[differs]
        thresholds = np.array(model.head.thresholds[mask])
        assert len(values) <= 3
        assert (abs(values[:, None] - thresholds).min(1) < 1e-5).all()

    samples = [DataSample().set_gt_label(int(label)) for label in labels]
    losses = model.head.loss(feats, samples)
    for key in ('loss_cls', 'loss_b2', 'loss_b1', 'loss_c'):
        np.testing.assert_allclose(losses[key], get(key), rtol=1e-4)
    total, logged = model.parse_losses(losses)
    np.testing.assert_allclose(total, get('loss'), rtol=1e-4)
    assert 'mask_fuse_ignored' in logged


@torch.no_grad()
def test_outputs_at_321(code, shared, weights):
    name, model = code
    get = reference(shared, name, '_321')
    images, labels = weights.inputs(5, 1, 321)
    feats = model.extract_feat(images)
    compare_maps(model, feats, labels, get)
    if name == 'authors':
        stages = model.head.guide(feats, labels, 224)
        close(stages['attention'], get('attention'))


@torch.no_grad()
def test_prediction_gives_the_maps_of_the_reference(code, shared, weights):
    """What tests see is what training sees: same scores, same maps."""
    name, model = code
    logits = torch.from_numpy(reference(shared, name)('logits'))
    images, labels = weights.inputs(0, 2, 224)
    samples = [DataSample().set_gt_label(int(label)) for label in labels]
    for sample, row in zip(
        model.predict(images, samples), logits, strict=True
    ):
        assert sample.score_map.shape == (6, 28, 28)
        ranked = [*row.topk(5).indices.tolist(), int(sample.gt_label)]
        assert sample.score_map_labels.tolist() == ranked
        assert int(sample.pred_label) == ranked[0]
        np.testing.assert_allclose(
            sample.pred_score, row.softmax(0), atol=1e-5
        )
        # the mean of a class map is the class score
        np.testing.assert_allclose(
            sample.score_map.mean((1, 2)), row[ranked], atol=1e-4
        )
