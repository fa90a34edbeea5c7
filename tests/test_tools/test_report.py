"""The page to browse, in a real browser, against Python's boxes."""

import base64

import cv2
import numpy as np
import pytest
from browser import Browser, find_chromium

from mmspg.evaluation.functional import box_iou
from mmspg.evaluation.locate import locate
from mmspg.visualization.report import report_image, write_report

NAMES = [
    '<script>window.hacked=1</script>',
    'a & "b"',
    "<img src=x onerror='window.hacked=1'>",
]
# None that a pixel of a map of 8 bits can meet exactly: Python's float32 and
# JavaScript's float64 would round such a tie to different sides.
THRESHOLDS = [0.0137, 0.2011, 0.3141, 0.5003, 0.7703, 0.9907]
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
        threshold=0.31,
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
            report_image(sample),
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


def python_box(sample, row, threshold):
    """The shared function on the 8-bit map that the page has."""
    levels = np.frombuffer(base64.b64decode(row['map']), np.uint8)
    levels = levels.reshape(row['cells']).astype(np.float32)
    if sample['homography'][0, 0] < 0:
        levels = levels[:, ::-1]
    stored = dict(sample, score_map=levels[None])
    label = int(sample['gt_label'][0])
    return locate(stored, threshold, label=label).box.tolist()


@needs_browser
def test_boxes_are_pythons(browser, samples):
    """Every box at every threshold, pixel for pixel."""
    script = (
        f'images.map(image => {THRESHOLDS}.map('
        't => boxOnImage(image, boxOf(image, t, REPORT.align))))'
    )
    for sample, boxes in zip(samples, browser.run(script), strict=True):
        row = report_image(sample)
        expected = [python_box(sample, row, t) for t in THRESHOLDS]
        assert boxes == expected, sample['img_id']


@needs_browser
def test_slider_filters_and_order(browser, samples):
    def set_to(name, value):
        browser.run(
            f"$('{name}').value = '{value}'; $('{name}').dispatchEvent("
            "new Event('input')); (async () => {"
            '  for (let i = 0; i < 3; i++)'
            '    { await new Promise(requestAnimationFrame); await settled; }'
            '})()'
        )
        return browser.run(
            '({status: $("status").textContent,'
            ' shown: shown.map(image => image.id),'
            ' ious: shown.map(image => image.iou)})'
        )

    ious = {}
    for sample in samples:
        box = python_box(sample, report_image(sample), 0.5)
        truth = sample['ori_gt_bboxes'] - (0, 0, 1, 1)
        ious[sample['img_id']] = box_iou([box], truth).max()
    wrong = {
        s['img_id']
        for s in samples
        if s['pred_score'].argmax() != s['gt_label']
    }
    right = sum(iou >= 0.5 for iou in ious.values())
    top1 = sum(iou >= 0.5 and i not in wrong for i, iou in ious.items())
    state = set_to('threshold', 0.5)
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
    assert low == pytest.approx(sorted(ious.values()), abs=0.02)
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


def test_large_images_are_boxed_on_a_smaller_grid():
    sample = sample_of(np.random.default_rng(0), 1)
    sample['ori_shape'] = (3000, 4000)
    sample['homography'] = np.diag([56 / 4000, 56 / 3000, 1])
    row = report_image(sample)
    assert row['grid'] == [512, 384]
    assert row['size'] == [4000, 3000]
    assert row['region'] == pytest.approx([0, 0, 512, 384])
