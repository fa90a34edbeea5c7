"""The configs of the paper's Table 3 build their metric."""

import json

import pytest
from mmengine.config import Config

from mmspg.registry import METRICS

NAMES = 'resnet50 resnet101 resnet152 dpn92 dpn98 dpn131 dpn-ensemble'.split()


@pytest.mark.parametrize('name', NAMES)
def test_config(root, name, tmp_path, monkeypatch):
    monkeypatch.setenv('MMSPG_CLASS_PREDICTIONS', str(tmp_path))
    file = f'spg_inceptionv3_{name}_imagenet.py'
    cfg = Config.fromfile(root / 'configs' / 'external_classifier' / file)
    given = cfg.test_evaluator.class_predictions
    files = [given.files] if isinstance(given.files, str) else given.files
    assert len(files) == (3 if name == 'dpn-ensemble' else 1)
    assert all(path.startswith(str(tmp_path)) for path in files)
    with pytest.raises(ValueError, match='allow_pickle=True'):
        METRICS.build(cfg.test_evaluator)
    other = tmp_path / 'p.json'
    other.write_text(json.dumps({'a.JPEG': dict(labels=[1], scores=[1])}))
    cfg.test_evaluator.class_predictions.files = str(other)
    metric = METRICS.build(cfg.test_evaluator)
    assert len(metric.class_predictions) == 1
    assert metric.top5_star == 'thresholds'


def test_the_dpns_come_from_timm(root, monkeypatch):
    monkeypatch.setenv('MMSPG_TIMM_MODEL', 'dpn98')
    path = root / 'configs/_base_/external_classifier/timm_imagenet.py'
    cfg = Config.fromfile(path)
    assert cfg.model.model_name == 'dpn98'
    assert cfg.test_evaluator.type == 'Accuracy'
    assert cfg.test_dataloader.dataset.split == 'val'
