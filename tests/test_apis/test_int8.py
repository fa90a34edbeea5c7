"""Models in 8 bits, whose boxes are compared before they are written."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from mmspg.apis import LocalizationInferencer, int8
from mmspg.apis import export as exporting

pytestmark = pytest.mark.filterwarnings('ignore')


@pytest.fixture(scope='module')
def exported(files, tmp_path_factory):
    pytest.importorskip('onnxruntime')
    pytest.importorskip('onnxscript')
    find = LocalizationInferencer(*files, threshold=0.5)
    path = tmp_path_factory.mktemp('int8') / 'model.onnx'
    exporting.export_onnx(exporting.ExportModel(find.model).eval(), path, 56)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (8, 60, 80, 3), np.uint8)
    return find, path, int8.read_photographs(find, list(images))


def test_boxes_of_the_float_model_are_all_kept(exported, monkeypatch):
    """All layers in float is the model itself."""
    find, path, photographs = exported
    monkeypatch.setattr(int8, 'LADDER', ((1, 0),))
    out = path.with_name('same.onnx')
    [kept] = int8.quantize(path, out, photographs, find.protocol)
    assert kept.float_layers == kept.layers > 0
    assert (kept.boxes, kept.classes) == (1, 1)
    assert out.is_file()


def test_the_first_trial_that_suffices_is_written(exported, monkeypatch):
    find, path, photographs = exported
    monkeypatch.setattr(int8, 'ENOUGH', 0)
    out = path.with_name('first.onnx')
    [kept] = int8.quantize(path, out, photographs, find.protocol)
    assert kept.float_layers == 0
    first = photographs[0].array
    label = np.zeros(1, np.int64)
    one, two = (exporting.run_onnx(p)(first, label) for p in (path, out))
    assert [a.shape for a in one] == [b.shape for b in two]
    assert not np.array_equal(one[0], two[0])
    assert np.allclose(one[0], two[0], atol=0.2)


def test_nothing_is_written_where_no_trial_suffices(exported, monkeypatch):
    find, path, photographs = exported
    monkeypatch.setattr(int8, 'ENOUGH', 2)
    monkeypatch.setattr(int8, 'LADDER', ((0, 0), (0.1, 0.2)))
    out = path.with_name('none.onnx')
    trials = int8.quantize(path, out, photographs, find.protocol)
    assert trials[0].float_layers == 0 < trials[1].float_layers
    assert not list(path.parent.glob('none*'))


def test_few_photographs_and_other_rules_are_refused(exported):
    find, path, photographs = exported
    with pytest.raises(ValueError, match='got 1 photographs and needs'):
        int8.read_photographs(find, [np.zeros((60, 80, 3), np.uint8)])
    other = find.protocol._replace(rule='cam')
    with pytest.raises(ValueError, match='largest_area'):
        int8.quantize(path, path.with_name('x.onnx'), photographs, other)


@pytest.mark.slow
def test_the_command(root, files, tmp_path):
    """It writes the file and says so, or says why there is none."""
    for name in ('onnxruntime', 'onnxscript'):
        pytest.importorskip(name)
    rng = np.random.default_rng(0)
    for i in range(8):
        image = rng.integers(0, 256, (60, 80, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f'{i}.png'), image)

    def export(*options):
        tool = root / 'tools/deployment/export.py'
        return subprocess.run(
            [
                sys.executable,
                tool,
                *files,
                '--out',
                tmp_path / 'out',
                *options,
            ],
            capture_output=True,
            text=True,
        )

    done = export('--int8', tmp_path)
    assert 'convolutions in float' in done.stdout, done.stderr
    written = (tmp_path / 'out' / 'model.int8.onnx').is_file()
    assert ('model.int8.onnx' in done.stdout) == written
    assert done.returncode == 1 - written
    if not written:
        assert 'too many boxes of this model change' in done.stderr
    few = export('--int8', tmp_path / '0.png')
    assert few.returncode == 1
    assert 'got 1 photographs and needs at least 8' in few.stderr
    assert 'Traceback' not in few.stderr
