"""The page to browse, in a real browser, against Python's boxes."""

import json
import os
import subprocess
import sys
from urllib.parse import unquote

import cv2
import numpy as np
import pytest
from browser import Browser, find_chromium

from mmspg.evaluation.functional import box_iou
from mmspg.evaluation.locate import locate
from mmspg.visualization.report import (
    report_image,
    slider_thresholds,
    write_report,
)
from mmspg.visualization.report.writing import centred_acc

NAMES = [
    '<script>window.hacked=1</script>',
    'a & "b"',
    "<img src=x onerror='window.hacked=1'>",
]
THRESHOLD = 0.3141
POSITIONS = slider_thresholds(THRESHOLD)
SIZES = [
    (64, 64),
    (500, 375),
    (375, 500),
    (33, 71),
    (7, 5),
    (1, 300),
    (300, 1),
]

needs_browser = pytest.mark.skipif(
    find_chromium() is None, reason='no chromium on this machine'
)


def sample_of(rng, i, kind='plain'):
    """A prediction as the model and the pipeline give it."""
    size = SIZES[i % len(SIZES)]
    cells = [(28, 28), (14, 14), (9, 5), (1, 1), (2, 6)][i % 5]
    score_map = rng.normal(size=(1, *cells)).astype(np.float32)
    if kind == 'smooth':
        score_map[0] = cv2.GaussianBlur(score_map[0], (0, 0), 2)
    if kind == 'plateaus':
        score_map = np.round(score_map)
    homography = np.diag([56 / size[0], 56 / size[1], 1.0])
    if kind == 'crop':  # of the middle, as the authors test
        homography = np.diag([80 / size[0], 80 / size[1], 1.0])
        homography[:2, 2] = -12
    if kind == 'flip':
        homography[0] = [-56 / size[0], 0, 56]
    x = np.sort(rng.uniform(0, size[0] + 1, 2))
    y = np.sort(rng.uniform(0, size[1] + 1, 2))
    label = int(rng.integers(3))
    return dict(
        img_id=f'<b>{kind}</b>/{i}.jpg',
        gt_label=np.array([label]),
        pred_score=rng.dirichlet(np.ones(3)).astype(np.float32),
        score_map=score_map,
        score_map_labels=np.array([label]),
        ori_shape=size[::-1],
        img_shape=(56, 56),
        homography=homography,
        ori_gt_bboxes=np.array([[x[0], y[0], x[1] + 1, y[1] + 1]]),
    )


@pytest.fixture(scope='module')
def samples():
    rng = np.random.default_rng(0)
    kinds = ('plain', 'smooth', 'plateaus', 'crop', 'flip')
    return [sample_of(rng, i, kinds[i // 14 % 5]) for i in range(140)]


@pytest.fixture(scope='module')
def page(samples, tmp_path_factory):
    curve = [50.0, 40.0, 10.0]
    figures = dict(
        gt_known_acc=50.0,
        gt_known_err=50.0,
        oracle_gt_known_acc=51.0,
        oracle_gt_known_threshold=0.3,
        threshold=THRESHOLD,
        per_class={
            name: dict(images=9, gt_known_acc=acc, top1_acc=9, cls_top1_acc=9)
            for name, acc in zip(NAMES, (40, 20, 60), strict=True)
        },
        protocol='rule <largest_area>',
        curves=dict(
            thresholds=[0, 0.5, 1],
            gt_known_acc=curve,
            top1_acc=curve,
            top5_acc=curve,
        ),
    )
    images = [
        (
            report_image(sample, POSITIONS),
            np.full((*sample['ori_shape'], 3), 90, np.uint8),
        )
        for sample in samples
    ]
    return write_report(
        tmp_path_factory.mktemp('report'),
        images,
        figures,
        NAMES,
        title='<i>title</i>',
        summary=[('config', '<u>x</u>.py')],
    )


@pytest.fixture(scope='module')
def browser(page):
    with Browser() as browser:
        browser.open(page.as_uri())
        yield browser


def boxes_of(sample):
    """The boxes at all positions, on the map as the model gave it."""
    label = int(sample['gt_label'][0])
    return locate(sample, POSITIONS, label=label).box


@needs_browser
def test_boxes_are_pythons(browser, samples):
    """Every box at every position, pixel for pixel."""
    found = browser.run('images.map(image => [...image.boxes])')
    for sample, boxes in zip(samples, found, strict=True):
        expected = boxes_of(sample).ravel().tolist()
        assert boxes == expected, sample['img_id']


@needs_browser
def test_the_page_opens_at_the_reported_threshold(browser):
    assert browser.run('REPORT.thresholds[position]') == THRESHOLD
    assert len(POSITIONS) == 100


@needs_browser
def test_slider_filters_and_order(browser, samples):
    def set_to(name, value):
        browser.run(
            f"$('{name}').value = '{value}'; $('{name}').dispatchEvent("
            "new Event('input')); new Promise(done => requestAnimationFrame("
            '() => requestAnimationFrame(done)))'
        )
        return browser.run(
            '({status: $("status").textContent,'
            ' shown: shown.map(image => image.id),'
            ' ious: shown.map(image => image.iou)})'
        )

    at, ious = POSITIONS.index(0.5), {}
    for sample in samples:
        truth = sample['ori_gt_bboxes'] - (0, 0, 1, 1)
        ious[sample['img_id']] = box_iou(boxes_of(sample)[[at]], truth).max()
    wrong = {
        s['img_id']
        for s in samples
        if s['pred_score'].argmax() != s['gt_label']
    }
    right = sum(iou >= 0.5 for iou in ious.values())
    top1 = sum(iou >= 0.5 and i not in wrong for i, iou in ious.items())
    state = set_to('threshold', at)
    number = len(samples)
    assert f'GT-known {100 * right / number:.1f} %' in state['status']
    assert f'Top-1 {100 * top1 / number:.1f} %' in state['status']
    assert state['shown'] == list(ious)
    assert set(set_to('show', 'class')['shown']) == wrong
    assert len(set_to('show', 'right')['shown']) == top1
    assert len(set_to('show', 'anybox')['shown']) == number - right
    set_to('show', 'all')
    low = set_to('sort', 'low')['ious']
    assert low == sorted(low)
    assert low == sorted(ious.values())
    assert set_to('sort', 'high')['ious'] == low[::-1]
    set_to('sort', 'order')
    named = set_to('class', 'ONERROR')['shown']
    assert named == [
        s['img_id']
        for s in samples
        if 2 in (s['gt_label'][0], s['pred_score'].argmax())
    ]
    set_to('class', '')


@needs_browser
def test_names_are_text(browser):
    assert browser.run('window.hacked') is None
    assert browser.run("$('title').textContent") == '<i>title</i>'
    assert browser.run("document.querySelector('#grid b')") is None
    assert '<b>plain</b>/0.jpg' in browser.run("$('grid').textContent")


@needs_browser
def test_only_what_is_seen_is_drawn(browser, tmp_path):
    assert browser.run('cells.length') < 60
    browser.run('scrollTo(0, 1e6); new Promise(done => setTimeout(done, 100))')
    drawn = browser.run('cells.filter(c => !c.hidden).map(c => c.image.id)')
    last = browser.run('images.slice(-1)[0].id')
    assert last in drawn
    assert '<b>plain</b>/0.jpg' not in drawn
    browser.screenshot(tmp_path / 'page.png')
    picture = cv2.imread(str(tmp_path / 'page.png'))
    assert picture.shape[1] == 1280
    assert picture.std() > 20
    browser.run('scrollTo(0, 0)')


def test_no_address_outside_the_folder(page):
    """The folder is all: no network."""
    for file in page.parent.glob('*.*'):
        text = file.read_text().replace('http://www.w3.org/2000/svg', '')
        assert '://' not in text, file.name


@needs_browser
def test_tables_of_the_classes_and_of_the_centred_box(browser):
    table = browser.run("$('figures').textContent")
    assert 'centred box' in table
    browser.run(
        "$('perclass').open = true; new Promise(done => setTimeout(done, 100))"
    )
    rows = browser.run("$('classtable').textContent")
    assert rows.index(NAMES[1]) < rows.index(NAMES[0])  # the harder first
    browser.run("$('perclass').open = false")


def test_the_centred_box():
    rows = [
        dict(size=[100, 200], truths=[[15, 30, 84, 169]])
    ]  # the box itself
    assert centred_acc(rows, iou=1, strict=False) == 100
    rows.append(dict(size=[100, 200], truths=[[0, 0, 9, 9]]))
    assert centred_acc(rows, iou=0.5, strict=True) == 50
    assert centred_acc([dict(size=[9, 9], truths=[])], 0.5, False) is None


def data_of(page):
    text = (page.parent / 'data.js').read_text()
    return json.loads(text.removeprefix('const REPORT = ').rstrip(';\n'))


def test_pictures_have_the_names_of_their_images(tmp_path):
    rng = np.random.default_rng(0)
    names = ['a/b c.jpg', 'a/b c.png', '50%.jpg', 'ä#?.jpg']
    images = []
    for i, name in enumerate(names):
        row = report_image(
            dict(sample_of(rng, i), img_id=name), slider_thresholds(0.2)
        )
        images.append((row, np.full((9, 9, 3), 40 * i, np.uint8)))
    for _ in range(2):  # a former run's pictures do not stay
        page = write_report(
            tmp_path, images, dict(threshold=0.2), NAMES, 'names'
        )
        images = images[::-1]
    rows = data_of(page)['images']
    found = {row['id']: tmp_path / unquote(row['file']) for row in rows}
    assert set(found) == set(names)
    assert set(found.values()) == set((tmp_path / 'pictures').iterdir())
    for i, name in enumerate(names):
        grey = cv2.imread(str(found[name])).mean()
        assert grey == pytest.approx(40 * i, abs=3)
    if find_chromium():
        with Browser() as browser:
            browser.open(page.as_uri())
            browser.run('Promise.all(images.map(i => i.picture.decode()))')


@needs_browser
def test_predictions_without_truth(samples, tmp_path):
    images = []
    for sample in samples[:4]:
        bare = dict(sample, score_map_labels=[sample['pred_score'].argmax()])
        del bare['gt_label'], bare['ori_gt_bboxes']
        picture = np.zeros((*bare['ori_shape'], 3), np.uint8)
        images.append((report_image(bare, slider_thresholds(0.2)), picture))
    page = write_report(
        tmp_path, images, dict(threshold=0.2), NAMES, 'without truth'
    )
    with Browser() as browser:
        browser.open(page.as_uri())
        status = browser.run("$('status').textContent")
        assert status == 'At threshold 0.2. Shown: 4 of 4 images.'
        assert browser.run("$('grid').textContent.includes('IoU')") is False
        assert browser.run("$('show').offsetParent") is None


def test_an_image_that_the_boxes_cannot_count_is_refused():
    sample = sample_of(np.random.default_rng(0), 1)
    sample['ori_shape'] = (1, 65536)
    with pytest.raises(ValueError, match='too large for the report'):
        report_image(sample, POSITIONS)


def test_a_data_set_without_boxes(root, tmp_path):
    """Classes are measured; boxes are drawn, and not judged."""
    rng = np.random.default_rng(0)
    for k, name in enumerate(('ant', 'bee')):
        (tmp_path / 'photos' / name).mkdir(parents=True)
        for i in range(30):
            image = rng.integers(0, 99, (40, 40, 3)) + 80 * k
            file = tmp_path / 'photos' / name / f'{i}.png'
            cv2.imwrite(str(file), image.astype(np.uint8))

    def call(*command):
        done = subprocess.run(
            [sys.executable, *map(str, command)],
            cwd=tmp_path,
            env={**os.environ, 'OMP_NUM_THREADS': '1'},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    call(
        root / 'tools/train.py',
        root / 'configs/light/spg_efficientnet-lite0_folders.py',
        *('--data-root', 'photos', '--input-size', 32, '--work-dir', 'w'),
        *('--cfg-options', 'train_cfg.max_epochs=1'),
        *('train_dataloader.num_workers=0', 'val_dataloader.num_workers=0'),
        'model.backbone.init_cfg=None',
    )
    call(root / 'tools/test.py', 'w/epoch_1.pth')  # leaves a config, too
    said = call(root / 'tools/visualization/report.py', 'w')
    assert 'No image has a box' in said
    data = data_of(tmp_path / 'w/report/index.html')
    assert data['images']
    assert not any(image['truths'] for image in data['images'])
    assert [row[0] for row in data['figures']] == ['', 'class Top-1']
    assert data['figures'][0][1:] == ['accuracy %', 'error %']
    assert 'no image has a true box' in data['protocol']
