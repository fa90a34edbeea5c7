"""tools/model_converters/publish.py: what goes, and what stays."""

import subprocess
import sys

import pytest
import torch

from mmspg.evaluation.choices import (
    stored_choices,
    weights_digest,
)
from mmspg.utils.carried_config import META_KEY


@pytest.fixture
def checkpoint(tmp_path):
    weights = {'head.weight': torch.rand(300, 200), 'n': torch.tensor(3)}
    choice = dict(threshold=0.35, map_source='c', input_size=96)
    meta = dict(cfg='model = dict()', dataset_meta=dict(classes=('a', 'b')))
    meta[META_KEY] = dict(choice, weights=weights_digest(weights))
    path = tmp_path / 'epoch_3.pth'
    torch.save(
        dict(
            state_dict=weights,
            meta=dict(meta, hostname='home'),
            optimizer=dict(state=[torch.rand(300, 200) for _ in 'ab']),
            message_hub=dict(log_scalars={}),
        ),
        path,
    )
    return path, weights, meta


def publish(root, *args):
    return subprocess.run(
        [sys.executable, 'tools/model_converters/publish.py', *args],
        capture_output=True,
        text=True,
        cwd=root,
    )


@pytest.mark.parametrize('half', [False, True])
def test_weights_and_what_boxes_need_stay(root, checkpoint, tmp_path, half):
    path, weights, meta = checkpoint
    out = tmp_path / 'small.pth'
    done = publish(root, str(path), str(out), *['--half'] * half)
    assert done.returncode == 0, done.stderr[-2000:]
    found = torch.load(out, weights_only=True)
    assert set(found) == {'state_dict', 'meta'}
    kept = found['state_dict']
    expected = (
        weights['head.weight'].half() if half else weights['head.weight']
    )
    assert torch.equal(kept['head.weight'], expected)
    assert kept['n'] == 3
    assert found['meta']['cfg'] == meta['cfg']
    assert found['meta']['dataset_meta'] == meta['dataset_meta']
    choice = stored_choices(str(out))[0]
    assert choice['threshold'] == 0.35
    assert choice['weights'] == weights_digest(kept)
    assert out.stat().st_size < path.stat().st_size / (4 if half else 2)


def test_no_checkpoint_is_told_in_a_line(root, tmp_path):
    done = publish(root, str(tmp_path / 'none.pth'), str(tmp_path / 'out.pth'))
    assert done.returncode != 0
    assert 'there is no checkpoint' in done.stderr
    assert 'Traceback' not in done.stderr
    assert not (tmp_path / 'out.pth').exists()


def test_weights_beyond_16_bits_are_not_halved(root, checkpoint, tmp_path):
    path, weights, meta = checkpoint
    weights['head.weight'][0] = 1e5
    torch.save(dict(state_dict=weights, meta=meta), path)
    done = publish(root, str(path), str(tmp_path / 'out.pth'), '--half')
    assert done.returncode != 0
    assert 'head.weight has values that 16 bits cannot hold' in done.stderr
    assert not (tmp_path / 'out.pth').exists()
