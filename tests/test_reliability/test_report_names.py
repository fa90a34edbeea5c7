"""Names in the report are data, never markup; tests/test_tools/test_report.py
opens it in a browser, where there is one."""

import json
import re

import numpy as np
import pytest
import torch

from mmspg.visualization.report import (
    report_image,
    slider_thresholds,
    write_report,
    writing,
)

NAMES = (
    '</script><script>window.hacked=1</script>',
    "<img src=x onerror='window.hacked=1'>",
    'a & "b" \u2028 \\u003c',
)
# What turns text into markup or code; the page has no use for any.
SINKS = re.compile(
    r'innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b'
    r'|new Function|srcdoc|setAttribute\(\s*.on'
)


@pytest.fixture
def report(tmp_path):
    sample = dict(
        img_id=NAMES[0],
        gt_label=torch.tensor([1]),
        ori_gt_bboxes=torch.tensor([[0.0, 0, 4, 4]]),
        score_map=torch.rand(1, 4, 4),
        score_map_labels=torch.tensor([1]),
        pred_score=torch.tensor([0.2, 0.5, 0.3]),
        ori_shape=(8, 8),
        img_shape=(8, 8),
        homography=np.eye(3),
    )
    names = ('gt_known_acc', 'top1_acc', 'top5_acc')
    figures = dict(
        dict.fromkeys(names, 50.0),
        threshold=0.5,
        protocol=NAMES[1],
        curves=dict(dict.fromkeys(names, [50.0]), thresholds=[0.5]),
    )
    image = np.zeros((8, 8, 3), np.uint8)
    write_report(
        tmp_path,
        [(report_image(sample, slider_thresholds(0.5)), image)],
        figures,
        NAMES,
        NAMES[2],
        [(NAMES[0], NAMES[1])],
    )
    return tmp_path


def test_names_are_in_the_data_only(report):
    for path in report.rglob('*'):
        # A picture has the name of its image, with nothing that is markup.
        assert not set('<>&"\'') & set(path.name)
        if path.suffix in ('.html', '.css', '.js') and path.name != 'data.js':
            assert 'hacked' not in path.read_text(encoding='utf-8')


def test_the_data_are_json_and_have_the_names_as_they_are(report):
    text = (report / 'data.js').read_text(encoding='ascii')
    (data,) = re.fullmatch(r'const REPORT = (.*);\n', text).groups()
    data = json.loads(data)
    assert data['classes'] == list(NAMES)
    assert data['images'][0]['id'] == NAMES[0]
    assert data['title'] == NAMES[2]


def test_the_page_writes_text_and_no_markup():
    folder = re.sub(r'writing\.py$', '', writing.__file__)
    scripts = [name for name in writing.PAGE if name.endswith('.js')]
    assert scripts
    for name in scripts:
        with open(folder + name, encoding='utf-8') as file:
            assert not SINKS.findall(file.read()), name
