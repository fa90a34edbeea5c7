"""One box for one image, whoever draws it.

Metric, hook, report, sweep, inferencer, locate.py and exported model are run
in this process on what a training has left: a checkpoint that carries its
config, and photographs that EXIF may turn.
"""

import base64
import json
import runpy
import sys

import numpy as np
import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from PIL import Image, ImageOps
from tiny_checkpoint import CLASSES, write_checkpoint

from mmspg.apis import LocalizationInferencer, box_step
from mmspg.apis.export import ExportModel
from mmspg.evaluation.choices import (
    settings_of,
    weights_digest,
)
from mmspg.evaluation.metrics import localization_metric
from mmspg.utils.cfg import set_input_size
from mmspg.visualization import localization_visualizer
from mmspg.visualization.report.writing import (
    report_image,
    slider_thresholds,
)

pytestmark = pytest.mark.filterwarnings('ignore')

DRAWN = st.fixed_dictionaries(
    dict(
        threshold=st.sampled_from([0.15, 0.3, 0.45, 0.7]),
        source=st.sampled_from(['attention', 'features', 'b1', 'fuse']),
        rule=st.sampled_from(['largest_area', 'largest_contour', 'cam']),
        steps=st.sampled_from(
            [[], ['percentile'], ['max', dict(type='ivr', q=0.2)]]
        ),
        views=st.sampled_from([None, dict(flip=True), dict(scales=(1, 1.5))]),
        side=st.sampled_from([48, 56, 80]),
        orientation=st.integers(1, 8),
    )
)


@pytest.fixture(scope='module')
def trained(root, tmp_path_factory):
    """Config and weights, as numbers."""
    config, path = write_checkpoint(root, tmp_path_factory.mktemp('tiny'))
    return Config.fromfile(config), torch.load(path, weights_only=True)


def photographs(folder, orientation):
    """Two images, metadata with a box each, as people see them."""
    y, x = np.mgrid[:48, :72]
    meta = folder / 'meta' / 'val'
    meta.mkdir(parents=True)
    files = {'image_ids': [], 'class_labels': [], 'localization': []}
    files['image_sizes'] = []
    exif = Image.Exif()
    exif[274] = orientation
    turned = orientation > 4
    for i in range(2):
        blob = 255 * np.exp(-((x - 20 - 9 * i) ** 2 + (y - 30) ** 2) / 90)
        image = np.stack([blob, x * 3, y * 5], axis=-1).astype(np.uint8)
        # As its sensor saw it; a viewer turns it by EXIF.
        Image.fromarray(image).save(folder / f'{i}.png', exif=exif)
        w, h = (48, 72) if turned else (72, 48)
        files['image_ids'].append(f'{i}.png')
        files['class_labels'].append(f'{i}.png,{i}')
        files['image_sizes'].append(f'{i}.png,{w},{h}')
        files['localization'].append(f'{i}.png,3,4,{w - 9},{h - 6}')
    for name, lines in files.items():
        (meta / f'{name}.txt').write_text('\n'.join(lines) + '\n')


def checkpoint_of(trained, folder, drawn):
    """What a training with these settings would have left."""
    cfg, content = trained
    cfg = Config(cfg.to_dict())
    cfg.model.head.score_map_source = drawn['source']
    cfg.model.update(
        type='mmspg.ViewsClassifier', score_map_views=drawn['views']
    )
    for name in ('val', 'test'):
        loader = cfg[f'{name}_dataloader']
        pipeline = [dict(t) for t in loader.dataset.pipeline]
        loader.dataset = dict(
            type='mmspg.WSOLMetadata',
            data_root=str(folder),
            metadata_root=str(folder / 'meta'),
            split='val',
            grid='seen',
            test_mode=True,
            metainfo=dict(classes=CLASSES),
            pipeline=pipeline,
        )
        cfg[f'{name}_evaluator'] = dict(
            type='mmspg.LocalizationMetric',
            rule=drawn['rule'],
            score_map_steps=drawn['steps'],
        )
    set_input_size(cfg, drawn['side'])
    cfg.default_hooks.visualization.update(enable=True, interval=1)
    cfg.work_dir = str(folder / 'work')
    content = dict(content, meta=dict(content['meta'], cfg=cfg.pretty_text))
    content['meta']['localization'] = dict(
        settings_of(cfg),
        threshold=drawn['threshold'],
        kind='validated',
        weights=weights_digest(content['state_dict']),
    )
    path = folder / 'epoch_1.pth'
    torch.save(content, path)
    return path


class Keep(Hook):
    """Keeps what the model has written."""

    def __init__(self):
        self.samples = []

    def after_test_iter(self, runner, batch_idx, data_batch, outputs):
        self.samples += outputs


def main_of(root, name, *args):
    """The names of a tool, and the command line that it will read."""
    sys.argv = [name, *map(str, args)]
    return runpy.run_path(str(root / 'tools' / name), run_name='tool')


def run_test(root, path, monkeypatch):
    """Boxes of the true class by the metric, of the predicted by the hook.

    Returns:
        tuple: Image to box, of each; those of the report; the threshold.
    """
    drawn, measured = {}, []
    draw, measure = localization_visualizer.locate, localization_metric.locate

    def locate_and_keep(sample, *args, **kwargs):
        found = draw(sample, *args, **kwargs)
        drawn[sample.img_id] = found.box.tolist()
        return found

    def measure_and_keep(*args, **kwargs):
        measured.append(measure(*args, **kwargs))
        return measured[-1]

    monkeypatch.setattr(localization_visualizer, 'locate', locate_and_keep)
    monkeypatch.setattr(localization_metric, 'locate', measure_and_keep)
    tool = main_of(root, 'test.py', path)
    cfg, _ = tool['configure'](tool['parse_args']())
    runner = Runner.from_cfg(cfg)
    keep = Keep()
    runner.register_hook(keep)
    runner.test()
    choice = runner.test_evaluator.metrics[0].choice
    boxes = {
        sample.img_id: found.box[choice.index].tolist()
        for sample, found in zip(keep.samples, measured, strict=True)
    }
    threshold = float(choice.grid[choice.index])
    shown = {s.img_id: reported(s, threshold, cfg) for s in keep.samples}
    # A copy: what locate.py draws afterwards is not the hook's.
    return boxes, dict(drawn), shown, threshold


def reported(sample, threshold, cfg):
    """The box of the true class where the slider of the report begins."""
    places = slider_thresholds(threshold)
    how = cfg.test_evaluator
    row = report_image(
        sample.cpu().to_dict(),
        places,
        how.rule,
        score_map_steps=how.score_map_steps,
    )
    boxes = np.frombuffer(base64.b64decode(row['boxes']), '<u2')
    return boxes.reshape(-1, 4)[places.index(threshold)].tolist()


def exported(inferencer, image, label):
    """The box of a class by the exported network and its own box step."""
    data = inferencer.pipeline(dict(img=image[..., ::-1], img_id='0'))
    protocol = inferencer.protocol
    model = ExportModel(inferencer.model, protocol.score_map_steps).eval()
    with torch.no_grad():
        outputs = model(
            data['inputs'][None].flip(1).float(), torch.tensor([label])
        )
    return box_step.box_of(
        outputs[3][0].numpy(),
        image.shape[1::-1],
        protocol.threshold,
        protocol.align_corners,
        normalise=not protocol.score_map_steps,
    )


def check(root, trained, folder, drawn):
    photographs(folder, drawn['orientation'])
    path = checkpoint_of(trained, folder, drawn)
    files = [str(folder / f'{i}.png') for i in range(2)]

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(sys, 'argv', [])
        true, predicted, shown, threshold = run_test(root, path, monkeypatch)
        sweep = main_of(root, 'analysis_tools/sweep_threshold.py', path)
        swept, *_ = sweep['configure'](sweep['parse_args']())
        locate = main_of(
            *(root, 'visualization/locate.py', files[0], path),
            *('--out', folder / 'out', '--label', '0'),
        )
        locate['main']()
    assert threshold == drawn['threshold']
    assert shown == true

    inferencer = LocalizationInferencer(path)
    carried = torch.load(path, weights_only=True)['meta']['localization']
    for cfg in (swept, inferencer.config):
        assert settings_of(cfg).items() <= carried.items()
    assert inferencer.protocol[:2] == (threshold, drawn['rule'])
    assert inferencer.protocol.score_map_steps == drawn['steps']
    assert inferencer.model.head.score_map_source == drawn['source']
    for i, file in enumerate(files):
        of_class = inferencer(file, label=i, progress=False)[0]['box']
        assert of_class == true[f'{i}.png']
        assert (
            inferencer(file, progress=False)[0]['box']
            == (predicted[f'{i}.png'])
        )
    (row,) = json.loads((folder / 'out' / 'results.json').read_text())
    assert row['box'] == true['0.png']
    if drawn['rule'] == 'largest_area':
        image = np.array(ImageOps.exif_transpose(Image.open(files[0])))
        box = exported(inferencer, image, 0)
        assert np.abs(np.subtract(box, true['0.png'])).max() <= 1


@settings(max_examples=3, phases=[Phase.generate])
@given(drawn=DRAWN)
def test_a_few(root, trained, tmp_path_factory, drawn):
    check(root, trained, tmp_path_factory.mktemp('drawn'), drawn)


@pytest.mark.slow
@settings(max_examples=40, phases=[Phase.generate])
@given(drawn=DRAWN)
def test_many(root, trained, tmp_path_factory, drawn):
    check(root, trained, tmp_path_factory.mktemp('drawn'), drawn)
