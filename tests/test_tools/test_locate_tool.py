"""tools/visualization/locate.py as a command."""

import json
import runpy
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from mmpretrain import get_model


@pytest.fixture(scope='module')
def command(root, files):
    def run(given, out, *options):
        tool = str(root / 'tools' / 'visualization' / 'locate.py')
        return [tool, str(given), *files, '--out', str(out), *options]

    return run


@pytest.fixture
def locate(command, monkeypatch):
    """Run it in this process, which has imported everything already."""

    def run(*args):
        argv = command(*args)
        monkeypatch.setattr(sys, 'argv', argv)
        monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')
        runpy.run_path(argv[0], run_name='__main__')

    return run


@pytest.fixture(scope='module')
def photo():
    y, x = np.mgrid[:40, :64]
    blob = 255 * np.exp(-((x - 20) ** 2 + (y - 25) ** 2) / 90)
    return np.stack([blob, x * 3, y * 5], axis=-1).astype(np.uint8)


def test_folder_with_a_broken_file(command, photo, tmp_path):
    """It is named and left out, the rest is done, the exit status tells."""
    folder = tmp_path / 'in'
    folder.mkdir()
    for i in range(30):
        cv2.imwrite(str(folder / f'{i:03d}.png'), np.roll(photo, i, 1))
    (folder / '007.png').write_bytes(b'no image')
    options = ['--batch-size', '8', '--no-pictures', '--topk', '2']
    done = subprocess.run(
        [sys.executable, *command(folder, tmp_path / 'out', *options)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert '007.png' in done.stderr
    results = json.loads((tmp_path / 'out' / 'results.json').read_text())
    assert len(results) == 29
    assert all(len(result['locations']) == 2 for result in results)


def test_video_is_annotated(locate, photo, tmp_path):
    path = tmp_path / 'clip.mp4'
    size = (64, 40)
    code = cv2.VideoWriter_fourcc(*'mp4v')
    writer = cv2.VideoWriter(str(path), code, 10, size)
    if not writer.isOpened():
        pytest.skip('this OpenCV writes no mp4')
    for i in range(6):
        writer.write(np.roll(photo, 4 * i, 1))
    writer.release()
    locate(path, tmp_path / 'out', '--batch-size', '4')
    results = json.loads((tmp_path / 'out' / 'results.json').read_text())
    assert [r['time'] for r in results] == pytest.approx(np.arange(6) / 10)
    video = cv2.VideoCapture(str(tmp_path / 'out' / 'clip.mp4'))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 6
    assert video.get(cv2.CAP_PROP_FPS) == 10
    good, frame = video.read()
    assert good
    assert frame.shape == (40, 64, 3)
    assert np.abs(frame.astype(int) - photo).mean() > 5


def test_pictures_score_maps_and_coco(locate, photo, tmp_path):
    path = tmp_path / 'a.png'
    cv2.imwrite(str(path), photo)
    locate(path, tmp_path / 'out', '--coco', '--score-maps')
    found = json.loads((tmp_path / 'out' / 'results.json').read_text())
    (image,) = found['images']
    assert image == dict(id=1, file_name='a.png', width=64, height=40)
    (row,) = found['annotations']
    (category,) = found['categories']
    assert row['category_id'] == category['id'] >= 1
    (score_map,) = (tmp_path / 'out' / 'score_maps').glob('a.png_*.png')
    assert cv2.imread(str(score_map), 0).shape == (40, 64)
    assert [p.name for p in (tmp_path / 'out').glob('*.png')] == ['a.png']


def test_what_is_not_there(locate, tmp_path):
    with pytest.raises(SystemExit, match='nothing.jpg'):
        locate(tmp_path / 'nothing.jpg', tmp_path / 'out')


def test_the_class_map_is_grad_cams(command, tmp_path):
    """So that locate.py draws what vis_cam.py would (docs)."""
    _, _, config, checkpoint, *_ = command(tmp_path, tmp_path)
    model = get_model(config, checkpoint)
    feats = model.extract_feat(torch.randn(2, 3, 56, 56))
    tail = feats.tail.detach().requires_grad_()
    scores = model.head.scores(tail)
    (gradient,) = torch.autograd.grad(scores[:, 1].sum(), tail)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    grad_cam = (weights * tail).sum(dim=1)
    labels = torch.ones(2, 1, dtype=torch.int64)
    class_map = model.head.class_maps([tail], labels)[:, 0]
    expected = class_map - model.head.classifier.bias[1]
    torch.testing.assert_close(grad_cam * tail[0, 0].numel(), expected)
