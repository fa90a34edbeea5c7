"""A training leaves valley and confidence in its checkpoint."""

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

from mmspg.apis import LocalizationInferencer
from mmspg.evaluation import box_choices
from mmspg.evaluation.functional.confidence import FEATURES
from mmspg.utils.carried_config import META_KEY

pytestmark = pytest.mark.filterwarnings('ignore')


def test_the_last_validation_fits_a_confidence_that_results_have(
    root, tmp_path, monkeypatch
):
    # After so few steps no feature tells right boxes from wrong ones.
    better = dict(precision=0.1, precision_half=0.2, calibration_error=0.0)
    monkeypatch.setattr(box_choices, 'reliability', lambda *_: better)
    cfg = Config.fromfile(root / 'configs' / 'spg_tiny_synthetic.py')
    cfg.work_dir = str(tmp_path)
    cfg.train_dataloader.dataset.num_images = 32
    cfg.val_dataloader.dataset.num_images = 80
    cfg.train_cfg.update(max_epochs=2, val_interval=1)
    cfg.default_hooks.box_choice = dict(type='mmspg.BoxChoiceHook')
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.update(num_workers=0, persistent_workers=False)
    Runner.from_cfg(cfg).train()

    first, last = (
        torch.load(tmp_path / f'epoch_{i}.pth', weights_only=False)['meta']
        for i in (1, 2)
    )
    assert 'confidence' not in first[META_KEY]
    fit = last[META_KEY]['confidence']
    assert fit['features'] == list(FEATURES)
    assert fit['boxes'] >= 80
    find = LocalizationInferencer(str(tmp_path / 'epoch_2.pth'))
    assert find.protocol.confidence == fit
    image = torch.zeros(48, 48, 3, dtype=torch.uint8).numpy()
    image[10:30, 10:30] = 200
    (place, *_) = find(image, progress=False)[0]['locations']
    assert 0 < place['confidence'] < 1
