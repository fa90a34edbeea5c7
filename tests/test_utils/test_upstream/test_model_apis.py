"""mmpretrain's own functions, given models of ours."""

import os
import pickle

import mmspg  # noqa: F401 - first, so that the names below are the new ones

# isort: split
import mmpretrain
import numpy as np
import pytest
import torch
from mmpretrain import FeatureExtractor, get_model, inference_model
from tiny_checkpoint import CLASSES

from mmspg.models.necks import SPGFeatures


class Marked:
    """Leaves a folder behind where it is unpickled in full."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.makedirs, (self.path,)


pytestmark = [pytest.mark.quick, pytest.mark.filterwarnings('ignore')]


@pytest.fixture(scope='module')
def photo():
    dice = np.random.default_rng(0)
    return dice.integers(0, 255, (48, 72, 3), np.uint8)


def test_inference_model_gives_class_score_and_box(files, photo):
    config, checkpoint = files
    for model in (config, get_model(config, checkpoint)):
        found = inference_model(model, photo, pretrained=checkpoint)
        assert found['pred_class'] in CLASSES
        assert 0 <= found['pred_score'] <= 1
        x0, y0, x1, y1 = found['box']
        assert 0 <= x0 < x1 <= 72
        assert 0 <= y0 < y1 <= 48


def test_other_models_are_left_to_mmpretrain():
    assert inference_model is mmpretrain.inference_model
    with pytest.raises(ValueError, match='no_such_model'):
        inference_model('no_such_model', 'a.jpg')


def test_get_model_runs_no_code_of_a_file(files, tmp_path):
    config, checkpoint = files
    content = torch.load(checkpoint, weights_only=True)
    mark, path = tmp_path / 'mark', tmp_path / 'bad.pth'
    torch.save(dict(content, extra=Marked(str(mark))), path)
    with pytest.raises(Exception, match='[Ww]eights'):
        get_model(config, pretrained=str(path))
    assert not mark.exists()


@pytest.mark.parametrize('stage', ['neck', 'backbone', 'pre_logits'])
def test_features_of_an_image(files, photo, stage):
    extract = FeatureExtractor(*files)
    (feats,) = extract(photo, stage=stage)
    shapes = [tuple(f.shape) for f in feats] if stage != 'pre_logits' else []
    assert all(len(shape) == 3 for shape in shapes)


def test_features_are_pickled_without_the_network(files, photo):
    model = get_model(files[0])
    feats = model.extract_feat(torch.zeros(1, 3, 56, 56), stage='neck')
    assert isinstance(feats, SPGFeatures)
    again = pickle.loads(pickle.dumps(feats))
    assert len(pickle.dumps(feats)) < 2**20
    assert isinstance(again, SPGFeatures)
    for one, other in zip(feats, again, strict=True):
        assert torch.equal(one, other)
    with pytest.raises(ValueError, match='lost their network'):
        again.b1()
