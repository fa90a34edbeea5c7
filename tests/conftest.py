"""Fixtures that every test can ask for."""

import os
from pathlib import Path

import pytest

# Before PyTorch is imported, here and in the commands that tests start: the
# tests run in two processes, and each would otherwise take all cores.
os.environ.setdefault('OMP_NUM_THREADS', '1')

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope='session')
def root() -> Path:
    """The checkout: the folder that holds ``mmspg``, ``configs``, ``tools``.

    Installed without its checkout, mmspg has no tests, so it always exists.
    """
    return ROOT


@pytest.fixture(scope='session')
def shared() -> Path:
    """The folder of reference outputs, photographs and real weights.

    ``MMSPG_SHARED``, or ``shared`` beside the checkout. It is no part of
    the project, so a test that asks for it is skipped where it is absent.
    """
    given = os.environ.get('MMSPG_SHARED')
    path = Path(given) if given else ROOT.parent / 'shared'
    if not path.is_dir():
        pytest.skip(
            f'reference data: no folder {path}; set MMSPG_SHARED to it'
        )
    return path
