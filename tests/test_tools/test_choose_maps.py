"""Map, steps and threshold: chosen by a command, found by the others."""

import json
import subprocess
import sys

import pytest
import torch
from mmengine.config import Config

from mmspg.evaluation.choices import stored_choices, weights_digest
from mmspg.registry import DATASETS


def run(root, folder, *command):
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_choice_is_stored_and_used(root, files, tmp_path):
    config, given = files
    checkpoint = tmp_path / 'given.pth'
    weights = torch.load(given, weights_only=True)['state_dict']
    torch.save(dict(state_dict=weights, meta={}), checkpoint)
    chosen = tmp_path / 'chosen.pth'
    few = [
        '--cfg-options',
        *(
            f'{part}_dataloader.dataset.num_images=8'
            for part in ('val', 'test')
        ),
    ]
    text = run(
        *(root, tmp_path, root / 'tools/analysis_tools/choose_maps.py'),
        *(config, checkpoint, '--split', 'train', '--out', chosen),
        *('--ddt-images', 4, '--measure-on', 'val', '--views', *few),
        'test_evaluator.threshold=0.123',
    )
    assert 'Measured on the 8 images of val' in text
    assert '(chosen) |' in text
    assert 'views ' in text
    assert 'the best of 3' in text
    assert '| attention |' in text
    assert '| ddt |' in text
    assert 'A centred box of' in text
    content = torch.load(chosen, weights_only=True)
    (choice,) = stored_choices(str(chosen), content)
    assert choice['chosen_on'] == 'SyntheticLoc train, 8 images'
    assert choice['weights'] == weights_digest(content['state_dict'])
    assert content['state_dict']['head.ddt'].shape[0] == 2
    assert len(content['meta']['dataset_meta']['classes']) == 4
    cfg = Config.fromstring(content['meta']['cfg'], '.py')
    assert cfg.model.head.score_map_source == choice['map_source']
    assert cfg.test_evaluator.score_map_steps == choice['score_map_steps']
    assert 'threshold' not in cfg.test_evaluator
    assert cfg.model.get('score_map_views') == choice['views']

    text = run(root, tmp_path, root / 'tools/test.py', chosen, *few)
    assert f'threshold {choice["threshold"]:g} (chosen on Synth' in text
    # The given checkpoint is as it was.
    assert 'cfg' not in torch.load(checkpoint, weights_only=True)['meta']


def test_an_attribution_is_stored_and_used(root, files, tmp_path):
    """The config has LayerCAM; few images cannot show that more is better."""
    config, given = files[0], tmp_path / 'given.pth'
    weights = torch.load(files[1], weights_only=True)['state_dict']
    torch.save(dict(state_dict=weights, meta={}), given)
    model = Config.fromfile(config).model
    layer = 'backbone.layers.3'
    changes = [
        'val_dataloader.dataset.num_images=5',
        'test_dataloader.dataset.num_images=5',
        'model.type=mmspg.AttributionClassifier',
        f'model.attribution.name=layercam model.attribution.layer={layer}',
    ]
    assert model.type == 'ImageClassifier'
    chosen = tmp_path / 'chosen.pth'
    text = run(
        *(root, tmp_path, root / 'tools/analysis_tools/choose_maps.py'),
        *(config, given, '--split', 'train', '--out', chosen, '--views'),
        *('--attributions', f'gradcam:{layer}', '--ddt-images', 0),
        *('--cfg-options', *' '.join(changes).split()),
    )
    for name in ('layercam', 'gradcam'):
        assert f'| {name}:{layer} |' in text
    assert f'The setting so far: layercam:{layer}' in text
    content = torch.load(chosen, weights_only=True)
    (choice,) = stored_choices(str(chosen), content)
    assert choice['map_source'] == f'attribution layercam:{layer}'
    assert 'Views are not tried' in text
    text = run(root, tmp_path, root / 'tools/test.py', chosen)
    assert f'threshold {choice["threshold"]:g} (chosen on Synth' in text
    text = run(
        *(root, tmp_path, root / 'tools/test.py', chosen, '--cfg-options'),
        'model.attribution.layer=backbone.layers.2',
    )
    assert 'chosen with map_source' in text  # of another layer


def test_weights_from_an_address_need_a_file(root, tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, root / 'tools/analysis_tools/choose_maps.py'),
            *('config.py', 'pip://lite0'),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert '--out FILE.pth' in done.stderr


@pytest.mark.parametrize(
    'wrong, message',
    [
        (('--measure-on', 'val'), 'the choice is made on this split'),
        (('--measure-on', 'tset'), "one of ('train', 'val', 'test')"),
        (('--out', '.'), 'is a folder'),
    ],
)
def test_what_is_wrong_is_said_at_the_start(
    root, files, tmp_path, wrong, message
):
    done = subprocess.run(
        [
            sys.executable,
            root / 'tools/analysis_tools/choose_maps.py',
            *files,
            *wrong,
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert message in done.stderr
    assert 'Traceback' not in done.stderr
    assert '|' not in done.stdout  # no table


def test_without_true_boxes(root, files, tmp_path):
    """By proposals; what it costs is told, since here there are boxes."""
    cfg = Config.fromfile(files[0])
    dataset = DATASETS.build(dict(cfg.val_dataloader.dataset, num_images=6))
    boxes = {}
    for i in range(6):
        info = dataset.get_data_info(i)
        boxes[info['img_id']] = info['ori_gt_bboxes'].tolist()
    (tmp_path / 'boxes.json').write_text(json.dumps(boxes))
    checkpoint = tmp_path / 'given.pth'
    weights = torch.load(files[1], weights_only=True)['state_dict']
    torch.save(dict(state_dict=weights, meta={}), checkpoint)
    text = run(
        *(root, tmp_path, root / 'tools/analysis_tools/choose_maps.py'),
        *(files[0], checkpoint, '--proposals', 'boxes.json'),
        *('--ddt-images', 0, '--cfg-options'),
        'val_dataloader.dataset.num_images=6',
    )
    assert 'agreement with proposals in percent on 6 images' in text
    assert 'True boxes would have chosen' in text
    assert '| ddt |' not in text
    (choice,) = stored_choices(str(checkpoint))
    assert choice['figure'] == 'agreement'
