# The tools import these; forked children then have them.
import mmpretrain.models  # noqa: F401
import pytest

import mmspg.datasets.registered
import mmspg.engine
import mmspg.evaluation.metrics
import mmspg.models
import mmspg.visualization  # noqa: F401


@pytest.fixture(scope='session')
def unbroken(tmp_path_factory):
    """Work dir of a training that nothing happened to."""
    from forked_runs import train

    work_dir = tmp_path_factory.mktemp('unbroken') / 'run'
    outcome = train(work_dir)
    assert outcome.code == 0, outcome.output
    return work_dir
