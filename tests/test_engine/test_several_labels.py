"""A training on images of several objects, from a CSV of labels to boxes."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from PIL import Image

from mmspg.apis import LocalizationInferencer
from mmspg.utils.carried_config import META_KEY

pytest.importorskip('pycocotools')
pytestmark = pytest.mark.filterwarnings('ignore')
COLOURS = dict(red=(230, 30, 30), blue=(30, 30, 230))
SIDE = 64


def draw(root, number=24):
    """Squares, red on the left and blue on the right, or none."""
    rng = np.random.default_rng(0)
    rows = ['image,label,x0,y0,x1,y1']
    (root / 'images').mkdir()
    for i in range(number):
        image = rng.integers(90, 110, (SIDE, SIDE, 3), np.uint8)
        if i % 6 == 5:
            rows.append(f'{i}.png,')
        for k, (name, colour) in enumerate(COLOURS.items()):
            if i % 6 == 5 or i % 3 == k:
                continue
            side = int(rng.integers(12, 18))
            x, y = int(rng.integers(2, 6)) + 32 * k, int(rng.integers(4, 28))
            image[y : y + side, x : x + side] = colour
            rows.append(f'{i}.png,{name},{x},{y},{x + side},{y + side}')
        Image.fromarray(image).save(root / 'images' / f'{i}.png')
    (root / 'labels.csv').write_text('\n'.join(rows))


def test_from_labels_to_boxes_of_several_classes(root, tmp_path):
    draw(tmp_path)
    cfg = Config.fromfile(root / 'configs' / 'spg_tiny_synthetic.py')
    cfg.work_dir = str(tmp_path / 'work')
    for name in ('train', 'val', 'test'):
        loader = cfg[f'{name}_dataloader']
        loader.update(num_workers=0, persistent_workers=False, batch_size=4)
        loader.dataset = dict(
            type='mmspg.MultiLabelLoc',
            data_root=str(tmp_path),
            ann_file='labels.csv',
            images='images',
            pipeline=loader.dataset.pipeline,
            test_mode=name != 'train',
        )
    cfg.model.head.update(num_classes=2, multi_label=True)
    cfg.train_cfg.update(max_epochs=4, val_interval=4)
    cfg.val_evaluator = dict(type='mmspg.DetectionMetric')
    cfg.test_evaluator = cfg.val_evaluator
    cfg.default_hooks.box_choice = dict(type='mmspg.BoxChoiceHook')
    runner = Runner.from_cfg(cfg)
    runner.train()
    figures = runner.val_loop.run()
    assert set(figures['det/ap50_classes']) == set(COLOURS)
    assert 0 <= figures['det/corloc'] <= 100

    path = tmp_path / 'work' / 'epoch_4.pth'
    meta = torch.load(path, weights_only=False)['meta']
    assert meta[META_KEY]['threshold'] == figures['det/threshold']
    assert meta[META_KEY]['kind'] == 'validated'
    find = LocalizationInferencer(str(path))
    assert find.protocol.threshold == figures['det/threshold']
    with torch.no_grad():
        find.model.head.classifier.bias += torch.tensor([9.0, 9.0])
    both = find(str(tmp_path / 'images' / '5.png'))[0]
    found = {place['class'] for place in both['locations']}
    assert found == set(COLOURS)
    with torch.no_grad():
        find.model.head.classifier.bias -= torch.tensor([99.0, 99.0])
    none = find(str(tmp_path / 'images' / '5.png'))[0]
    assert (none['locations'], none['box']) == ([], [0, 0, 0, 0])
    assert none.plot().ndim == 3
