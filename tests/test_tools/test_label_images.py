"""tools/labeling/label_images.py as a command."""

import json
import re
import runpy
import subprocess
import sys

import cv2
import numpy as np
import pytest

from mmspg.apis import LocalizationInferencer


@pytest.fixture(scope='module')
def photos(tmp_path_factory):
    """A folder a class; one file is no image."""
    root = tmp_path_factory.mktemp('photos')
    y, x = np.mgrid[:40, :64]
    for name in ('drei', 'vier'):
        (root / name).mkdir()
        for i in range(5):
            blob = 255 * np.exp(-((x - 8 * i) ** 2 + (y - 25) ** 2) / 90)
            image = np.stack([blob, x * 3, y * 5], axis=-1).astype(np.uint8)
            cv2.imwrite(str(root / name / f'{i}.png'), image)
    (root / 'drei' / 'broken.png').write_bytes(b'no image')
    return root


@pytest.fixture
def label(root, files, photos, monkeypatch):
    """Run it in this process, which has imported everything already."""

    def run(out, *options):
        argv = [str(root / 'tools/labeling/label_images.py'), str(photos)]
        argv += [*files, '--out', str(out), *options]
        monkeypatch.setattr(sys, 'argv', argv)
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(argv[0], run_name='__main__')
        return ended.value.code

    return run


def test_a_whole_set(root, files, photos, tmp_path):
    """Boxes are the inferencer's, of the classes that the folders name."""
    out = tmp_path / 'out'
    done = subprocess.run(
        [
            *(sys.executable, root / 'tools/labeling/label_images.py'),
            *(photos, *files, '--out', out, '--threshold', '0.6'),
            *('--format', 'coco', 'yolo', '--review-below', '1'),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    assert 'broken.png' in done.stderr
    assert '10 images' in done.stdout
    assert 'not calibrated' in done.stdout
    assert f'sweep_threshold.py {files[0]} {files[1]}' in done.stdout
    inferencer = LocalizationInferencer(*files, threshold=0.6)
    for split in ('train', 'val', 'test'):
        path = out / 'coco' / 'annotations' / f'{split}.json'
        found = json.loads(path.read_text('utf-8')) if path.exists() else {}
        rows = {row['image_id']: row for row in found.get('annotations', ())}
        for image in found.get('images', ()):
            name = image['file_name'].replace('+', '/')
            folder = name.split('/')[0]
            [result] = inferencer(
                str(photos / name), label=folder, progress=False
            )
            row = rows.get(image['id'])
            x0, y0, x1, y1 = result['box']
            assert row['bbox'] == [x0, y0, x1 + 1 - x0, y1 + 1 - y0]
            assert row['category_id'] == ['drei', 'vier'].index(folder) + 3
            assert row['score'] == pytest.approx(
                result['locations'][0]['score'], abs=1e-4
            )
    lines = (out / 'review.csv').read_text('utf-8').splitlines()
    assert len(lines) == 11


def test_it_replaces_nothing_unasked(label, tmp_path):
    assert label(tmp_path / 'out', '--threshold', '.5') == 1
    kept = (tmp_path / 'out' / 'coco' / 'annotations').stat().st_ino
    assert '--overwrite' in label(tmp_path / 'out', '--threshold', '.5')
    message = label(tmp_path / 'out', '--threshold', '.6', '--format', 'voc')
    assert 'threshold 0.5' in message
    assert '0.6' in message
    now = (tmp_path / 'out' / 'coco' / 'annotations').stat().st_ino
    assert now == kept
    assert label(tmp_path / 'out', '--threshold', '.6', '--overwrite') == 1


def test_yolo_without_val_is_told_with_a_share_that_draws_some(
    label, tmp_path, capsys
):
    out = tmp_path / 'out'
    options = '--format', 'yolo', '--threshold', '.5', '--test-share', '0'
    label(out, *options, '--val-share', '0')
    assert 'val:' not in (out / 'yolo/data.yaml').read_text()
    [told] = re.findall('with (--.*) or', capsys.readouterr().out)
    label(out, *options, *told.split())
    assert 'val: images/val' in (out / 'yolo/data.yaml').read_text()
    assert 'No image is for val' not in capsys.readouterr().out


@pytest.mark.parametrize('value', ['1.5', 'nan', 'much'])
def test_a_share_is_in_0_to_1(label, tmp_path, capsys, value):
    assert label(tmp_path / 'out', '--min-score', value) == 2
    expected = f"--min-score: expected a number in [0, 1], got '{value}'"
    assert expected in capsys.readouterr().err


def test_bad_folders(label, photos, tmp_path):
    assert 'Give another folder' in label(photos)
    assert 'Give another folder' in label(photos.parent)
    (tmp_path / 'letter.txt').write_text('dear')
    assert 'not empty' in label(tmp_path)
