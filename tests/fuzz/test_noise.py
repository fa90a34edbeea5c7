"""Whatever is read is taken, or refused by name."""

import logging
import os
import resource
import warnings

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from noise import Target, attempt
from targets import TARGETS

MEMORY = 2**30  # that the campaign may take beyond its start


def feed(target, folder, number, start=0):
    """Give a number of inputs to a target; fail at the first problem."""

    @seed(start)
    @settings(
        max_examples=number,
        database=None,
        deadline=None,
        derandomize=False,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(target.strategy)
    def each(content):
        attempt(target, content, folder)

    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            each()
    finally:
        logging.disable(logging.NOTSET)


@pytest.mark.parametrize('name', TARGETS)
def test_noise_is_refused_by_name(name, tmp_path):
    feed(TARGETS[name], tmp_path, 25)


@pytest.mark.slow
@pytest.mark.parametrize('name', TARGETS)
def test_campaign(name, tmp_path):
    """The same with MMSPG_FUZZ inputs (1000), of the seed MMSPG_FUZZ_SEED."""
    with open('/proc/self/statm') as file:
        size = int(file.read().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, before[1]))
    try:
        feed(
            TARGETS[name],
            tmp_path,
            int(os.environ.get('MMSPG_FUZZ', 1000)),
            int(os.environ.get('MMSPG_FUZZ_SEED', 0)),
        )
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize(
    'error, told',
    [
        (IndexError('list index out of range'), 'IndexError'),
        (MemoryError(), 'MemoryError'),
        (ValueError('invalid literal for int()'), 'names no file'),
    ],
)
def test_the_campaign_sees_what_is_wrong(error, told, tmp_path):
    """Or its passing would mean nothing."""

    def read(content, folder):
        if b'x' in content:
            raise error

    target = Target(st.sampled_from([b'x', b'y']), read)
    with pytest.raises(AssertionError, match=told) as found:
        feed(target, tmp_path, 20)
    assert "content=b'x'" in ''.join(found.value.__notes__)


def test_the_campaign_sees_a_hang(tmp_path):
    def read(content, folder):
        try:
            while True:
                pass
        except Exception:
            return

    with pytest.raises(AssertionError, match=r'over 0.05 s'):
        attempt(Target(st.just(b''), read), b'', tmp_path, limit=0.05)
