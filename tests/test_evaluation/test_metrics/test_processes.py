"""Any number of processes gives the figures of one, to the last bit."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

WORKER = Path(__file__).with_name('uneven_shares.py')


def run(world_size, tmp_path, port):
    out = tmp_path / f'{world_size}.json'
    env = dict(os.environ, OMP_NUM_THREADS='1')
    workers = [
        subprocess.Popen(
            [
                sys.executable,
                str(WORKER),
                *map(str, (rank, world_size)),
                str(port),
                str(out),
            ],
            env=env,
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(world_size)
    ]
    for worker in workers:
        _, errors = worker.communicate(timeout=120)
        assert worker.returncode == 0, errors
    return json.loads(out.read_text())


def free_port():
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]


@pytest.fixture(scope='module')
def alone(tmp_path_factory):
    return run(1, tmp_path_factory.mktemp('alone'), free_port())


@pytest.mark.parametrize('world_size', [2, 3])
def test_processes_with_uneven_shares(world_size, alone, tmp_path):
    together = run(world_size, tmp_path, free_port())
    assert together == alone
    figures = together['uneven']
    assert {key.split('/')[0] for key in figures} == {'loc', 'wsol'}
    assert 0 < figures['loc/gt_known_acc'] < 100
    assert 0 < figures['wsol/pxap'] < 100
    # What MMEngine's sampler repeats to even the shares out counts once.
    assert together['repeated'] == figures
