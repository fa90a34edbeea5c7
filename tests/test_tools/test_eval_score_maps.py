"""The drop-in for the benchmark's evaluation.py, as a command."""

import json
import re
import runpy
import subprocess
import sys
from typing import NamedTuple

import cv2
import numpy as np
import pytest


def write_split(folder, boxes, size=(224, 224)):
    """Write metadata/SET/test for images 'a/0.jpg', 'a/1.jpg' ..."""
    split = folder / 'metadata' / 'SET' / 'test'
    split.mkdir(parents=True)
    ids = [f'a/{i}.jpg' for i in range(len(boxes))]
    rows = [
        ','.join([image, *map(str, box)])
        for image, some in zip(ids, boxes, strict=True)
        for box in some
    ]
    sizes = [f'{image},{size[0]},{size[1]}' for image in ids]
    for name, lines in (
        ('image_ids', ids),
        ('localization', rows),
        ('image_sizes', sizes),
    ):
        (split / f'{name}.txt').write_text(''.join(f'{r}\n' for r in lines))
    return split


def write_maps(folder, maps):
    (folder / 'maps' / 'a').mkdir(parents=True)
    for i, score_map in enumerate(maps):
        np.save(folder / 'maps' / 'a' / f'{i}.jpg.npy', score_map)


OPTIONS = (
    *('--scoremap_root', 'maps/', '--metadata_root', 'metadata/'),
    *('--mask_root', 'masks/', '--dataset_name', 'SET', '--split', 'test'),
    *('--out', 'figures.json'),
)


class Done(NamedTuple):
    """What a finished command leaves."""

    returncode: int
    stdout: str
    stderr: str
    report: dict | None


@pytest.fixture
def run(root, tmp_path, monkeypatch, capsys):
    """Run the tool in this process, which is quicker."""
    path = root / 'tools' / 'analysis_tools' / 'eval_score_maps.py'
    tool = runpy.run_path(str(path))
    monkeypatch.chdir(tmp_path)

    def run(*options):
        monkeypatch.setattr(sys, 'argv', [str(path), *OPTIONS, *options])
        with pytest.raises(SystemExit) as end:
            tool['main']()
        code, said = end.value.code, capsys.readouterr()
        errors = said.err
        if isinstance(code, str):
            code, errors = 1, errors + code
        out = tmp_path / 'figures.json'
        report = json.loads(out.read_text()) if out.is_file() else None
        return Done(code, said.out, errors, report)

    return run


@pytest.fixture
def reference_folder(wsol_reference, tmp_path):
    offsets = wsol_reference['gt_offsets']
    write_split(
        tmp_path,
        [
            wsol_reference['gt_boxes'][offsets[i] : offsets[i + 1]]
            for i in range(48)
        ],
    )
    write_maps(tmp_path, wsol_reference['score_maps'])
    return tmp_path


def test_the_reference_figures(run, wsol_reference, reference_folder):
    done = run('--cam_curve_interval', '.001')
    report = done.report
    assert done.returncode == 0, done.stderr
    assert '48/48 maps' in done.stderr
    expected = dict(
        zip(('30', '50', '70'), wsol_reference['max_box_acc'], strict=True)
    )
    assert report['max_box_acc'] == expected
    assert report['performance'] == expected['50']
    ious = wsol_reference['largest_iou']
    best = (ious >= 0.5).mean(0).argmax()
    assert report['thresholds']['50'] == wsol_reference['thresholds'][best]
    assert report['settings']['rule'] == 'largest_contour'
    assert report['complete']


def test_the_reference_figures_of_v2_by_two_workers(
    root, wsol_reference, reference_folder
):
    command = [
        *(sys.executable, '-X', 'importtime'),
        root / 'tools/analysis_tools/eval_score_maps.py',
        *OPTIONS,
        *('--multi_contour_eval', '--multi_iou_eval', 'True'),
        *('--cam_curve_interval', '.001', '--workers', '2'),
    ]
    done = subprocess.run(
        command, cwd=reference_folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    report = json.loads((reference_folder / 'figures.json').read_text())
    assert list(report['max_box_acc'].values()) == list(
        wsol_reference['all_contours_acc']
    )
    assert report['max_box_acc_v2'] == float(wsol_reference['max_box_acc_v2'])
    assert 'MaxBoxAccV2: 38.8889' in done.stdout
    # Neither is needed, and both take seconds to import.
    assert re.search(r'\| +numba\b', done.stderr)
    assert not re.search(r'\| +(torch|mmpretrain)\b', done.stderr)


def test_the_reference_pxap(run, wsol_reference, reference_folder):
    rows = []
    folder = reference_folder / 'masks' / 'OpenImages' / 'm'
    folder.mkdir(parents=True)
    for i, mask in enumerate(wsol_reference['masks']):
        cv2.imwrite(str(folder / f'{i}.png'), np.uint8(mask == 1) * 255)
        cv2.imwrite(str(folder / f'{i}i.png'), np.uint8(mask == 255) * 255)
        rows.append(f'a/{i}.jpg,m/{i}.png,m/{i}i.png\n')
    split = reference_folder / 'metadata' / 'SET' / 'test'
    (split / 'localization.txt').write_text(''.join(rows))
    done = run('--cam_curve_interval', '.001')
    report = done.report
    assert done.returncode == 0, done.stderr
    assert report['pxap'] == pytest.approx(
        float(wsol_reference['pxap']), abs=1e-9
    )


def hand_drawn(folder):
    """Three images of 448 x 224; the maps' boxes are the true ones."""
    maps = np.zeros((3, 224, 224), np.float32)
    maps[:, 50:100, 20:80] = 1
    write_split(folder, [[(40, 50, 160, 100)]] * 3, size=(448, 224))
    write_maps(folder, maps)


def test_the_benchmarks_defaults_and_any_iou(run, tmp_path):
    hand_drawn(tmp_path)
    done = run('--iou_threshold_list', '50', '97')
    report = done.report
    assert done.returncode == 0, done.stderr
    # The exclusive corner makes of 60 x 50 pixels 61 x 51, the truth's size.
    assert report['max_box_acc'] == {'50': 100.0, '97': 100.0}
    assert report['settings']['cam_curve_interval'] == 0.01


def test_steps(run, tmp_path):
    """One extreme pixel hides the object from min-max."""
    hand_drawn(tmp_path)
    for path in (tmp_path / 'maps').rglob('*.npy'):
        score_map = np.load(path) / 1000
        score_map[-1, -1] = 1
        np.save(path, score_map)
    assert run().report['max_box_acc']['50'] == 0
    # A quarter of the object is above.
    done = run('--score_map_steps', 'max', 'percentile:q=0.98')
    assert done.report['max_box_acc']['50'] == 100
    step = dict(type='percentile', q=0.98)
    assert done.report['settings']['score_map_steps'] == ['max', step]
    assert 'perhaps' in run('--score_map_steps', 'percentil').stderr


@pytest.mark.parametrize(
    'change, words',
    [
        (lambda m: m + 0.5, 'in [0, 1]'),
        (lambda m: m[:100], '224 x 224'),
        (lambda m: np.where(m > 0, np.nan, m), 'in [0, 1]'),
        (lambda m: m.astype(np.uint8), 'floats'),
        (lambda m: np.array([None]), 'not an array'),
    ],
)
def test_a_bad_map_is_named_and_the_rest_is_kept(run, tmp_path, change, words):
    hand_drawn(tmp_path)
    path = tmp_path / 'maps' / 'a' / '1.jpg.npy'
    np.save(path, change(np.load(path)))
    done = run()
    report = done.report
    assert done.returncode == 1
    assert 'maps/a/1.jpg.npy' in done.stderr
    assert words in done.stderr
    assert not report['complete']
    assert report['evaluated'] == 2
    assert report['max_box_acc']['50'] == 100
    assert len(report['errors']) == 1
    assert 'INCOMPLETE' in done.stdout


def test_a_missing_map_is_named_and_the_rest_is_kept(run, tmp_path):
    hand_drawn(tmp_path)
    (tmp_path / 'maps' / 'a' / '2.jpg.npy').unlink()
    done = run('--workers', '2')
    report = done.report
    assert done.returncode == 1
    assert 'no score map of image a/2.jpg' in done.stderr
    assert report['evaluated'] == 2


@pytest.mark.parametrize(
    'name, text, words',
    [
        ('image_ids', '', 'the split is empty'),
        ('image_ids', 'a/0.jpg\na/1.jpg\n', 'a/2.jpg'),
        ('image_ids', 'a/0.jpg\na/0.jpg\n', 'image_ids.txt:2'),
        ('localization', 'a/0.jpg,0,0,x,9\n', 'localization.txt:1'),
        ('localization', 'a/0.jpg,0,0,9,9\n', 'disagree'),
        (
            'localization',
            ''.join(f'a/{i}.jpg,0,0,950,9\n' for i in range(3)),
            'mostly outside its image',
        ),
        (
            'localization',
            ''.join(f'a/{i}.jpg,.1,.1,.5,.5\n' for i in range(3)),
            'in shares of its image',
        ),
        (
            'localization',
            ''.join(
                f'a/{i}.jpg,{j},5,{j + 90},95.5\n'
                for i in range(3)
                for j in range(4)
            ),
            'in percent of its image',
        ),
        ('image_sizes', 'a/0.jpg,448\n', 'image_sizes.txt:1'),
    ],
)
def test_a_bad_split_is_refused(run, tmp_path, name, text, words):
    hand_drawn(tmp_path)
    split = tmp_path / 'metadata' / 'SET' / 'test'
    (split / f'{name}.txt').write_text(text)
    done = run()
    report = done.report
    assert done.returncode == 1
    assert words in done.stderr
    assert 'Traceback' not in done.stderr
    assert report is None


def test_boxes_outside_are_clipped_dropped_and_counted(run, tmp_path):
    hand_drawn(tmp_path)
    path = tmp_path / 'metadata/SET/test/localization.txt'
    first, second, third = path.read_text().splitlines()
    path.write_text(
        f'{first}\n{second}\na/1.jpg,0,0,460,223\na/2.jpg,900,0,950,9\n'
    )
    done = run()
    assert 'leaves it by 13 pixels' in done.stderr
    assert 'localization.txt:3: ' in done.stderr
    assert 'An image has no box left and is left out of the test (once)' in (
        done.stderr
    )
    assert done.report['evaluated'] == 2


def test_a_missing_split_is_refused(run, tmp_path):
    done = run()
    assert done.returncode == 1
    assert 'no such file' in done.stderr
    assert 'Traceback' not in done.stderr


@pytest.mark.parametrize(
    'one, other, file',
    [('1.jpg', '1.png', '1.npy'), ('i_0.25', 'i_0.75', 'i_0.npy')],
)
def test_a_map_serves_one_image(run, tmp_path, one, other, file):
    """A program that wrote a/1.npy of a/1.jpg and a/1.png lost one."""
    hand_drawn(tmp_path)
    for path in (tmp_path / 'metadata/SET/test').glob('*.txt'):
        text = path.read_text().replace('a/1.jpg', f'a/{one}')
        path.write_text(text.replace('a/2.jpg', f'a/{other}'))
    maps = tmp_path / 'maps/a'
    (maps / '1.jpg.npy').rename(maps / file)
    (maps / '2.jpg.npy').unlink()
    done = run()
    assert done.returncode == 1
    assert f'two images, a/{one} and a/{other}' in done.stderr
    assert done.report is None


def test_flat_maps_are_counted(run, tmp_path):
    hand_drawn(tmp_path)
    path = tmp_path / 'maps' / 'a' / '1.jpg.npy'
    np.save(path, np.full_like(np.load(path), 0.5))
    done = run()
    assert done.report['flat_maps'] == 1
    assert '1 of 3 score maps are constant' in done.stderr


def test_two_maps_of_an_image_are_refused(run, tmp_path):
    hand_drawn(tmp_path)
    path = tmp_path / 'maps' / 'a' / '1.jpg.npy'
    np.save(path.with_name('1.npy'), np.load(path))
    done = run()
    assert 'image a/1.jpg has two score maps' in done.stderr
    assert done.report['evaluated'] == 2
