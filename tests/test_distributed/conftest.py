import sys
from pathlib import Path

# The tools import these; forked children then have them.
import mmpretrain.models  # noqa: F401

import mmspg.datasets.registered
import mmspg.engine
import mmspg.evaluation.metrics
import mmspg.models
import mmspg.visualization  # noqa: F401

# For forked_runs, which the tests of reliability are built on, too.
sys.path.append(str(Path(__file__).parents[1] / 'test_reliability'))
