"""Fixtures that every test can ask for."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

# A shell's background job ignores Ctrl-C, and so would all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Before PyTorch is imported, here and in the commands that tests start: the
# tests run in two processes, and each would otherwise take all cores.
os.environ.setdefault('OMP_NUM_THREADS', '1')
import torch  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

# Autograd starts its threads at the first backward pass, as many as there are
# devices. FakeTensorMode pretends to a GPU, and PyTorch refuses to
# differentiate in the forks of a process with such threads: so do it before.
torch.ones(1, requires_grad=True).sum().backward()

# The same examples in every run, however slow the machine is: what has passed
# passes again. How many of them are filtered out is luck.
settings.register_profile(
    'same',
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
settings.load_profile('same')

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


@pytest.fixture(scope='session')
def wsol_reference(shared):
    """What the WSOL benchmark's own program says of some maps and boxes."""
    with np.load(shared / 'reference' / 'evaluation_public.npz') as file:
        found = dict(file)
    # It computes n * 100 / N. The file has the same figures as n / N * 100,
    # which may differ in the last digit.
    for name in ('max_box_acc', 'all_contours_acc'):
        number = len(found['score_maps'])
        found[name] = np.round(found[name] * number / 100) * 100 / number
    found['max_box_acc_v2'] = found['all_contours_acc'].mean()
    return found


@pytest.fixture(scope='module')
def files(root, tmp_path_factory) -> tuple[str, str]:
    """Config and checkpoint of a small network with random weights."""
    from tiny_checkpoint import write_checkpoint

    return write_checkpoint(root, tmp_path_factory.mktemp('tiny'))


@pytest.fixture(autouse=True)
def unpickling():
    """What may be unpickled is for each test to say, and no other's."""
    names = (
        'TORCH_FORCE_WEIGHTS_ONLY_LOAD',
        'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD',
    )
    before = {name: os.environ.get(name) for name in names}
    yield
    for name, value in before.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


@pytest.fixture(scope='session', autouse=True)
def first_default_scope():
    """The scope that the tools set, for fixtures of several tests."""
    from mmengine.registry import DefaultScope

    DefaultScope.get_instance('tests', scope_name='mmpretrain')


@pytest.fixture(autouse=True)
def default_scope(first_default_scope):
    """The same for each test, whatever ran before it."""
    from mmengine.registry import DefaultScope

    with DefaultScope.overwrite_default_scope('mmpretrain'):
        yield
