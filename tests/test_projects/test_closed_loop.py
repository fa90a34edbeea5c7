"""From classes of images to a detector, as the page shows it."""

import re
import subprocess
import sys

import pytest

pytest.importorskip('pycocotools')


@pytest.mark.slow
def test_a_detector_learns_from_pseudo_boxes(root, tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, root / 'projects' / 'closed_loop' / 'run.py'),
            *('--out', tmp_path, '--images', '800', '--test-images', '100'),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    pseudo, detector = (
        float(re.search(rf'{name} +([\d.]+) %', done.stdout)[1])
        for name in ('pseudo-boxes of SPG', 'detector on them')
    )
    # Chance is far below either; the detector smooths what it learns from.
    assert pseudo > 30
    assert detector > 30
