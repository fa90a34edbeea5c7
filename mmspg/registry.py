"""Registries of mmspg, each a child of mmpretrain's registry of that name.

A config keeps ``default_scope = 'mmpretrain'`` and names our classes with
the prefix, ``type='mmspg.SPGHead'``: the prefix alone makes MMEngine import
this module, and the ``locations`` below then import the classes, so that
neither ``custom_imports`` nor an ``import mmspg`` is needed.
"""

from mmengine import registry as engine
from mmengine.registry import Registry
from mmpretrain import registry as parent

__all__ = [*parent.__all__, 'STRATEGIES']


def _child(name: str, *locations: str) -> Registry:
    of = getattr(parent if name in parent.__all__ else engine, name)
    return Registry(
        of.name, parent=of, scope='mmspg', locations=list(locations)
    )


# mmspg.engine
RUNNERS = _child('RUNNERS')
RUNNER_CONSTRUCTORS = _child('RUNNER_CONSTRUCTORS')
LOOPS = _child('LOOPS', 'mmspg.engine')
HOOKS = _child('HOOKS', 'mmspg.engine')
STRATEGIES = _child('STRATEGIES', 'mmspg.engine.strategies')
LOG_PROCESSORS = _child('LOG_PROCESSORS')
OPTIMIZERS = _child('OPTIMIZERS')
OPTIM_WRAPPERS = _child('OPTIM_WRAPPERS', 'mmspg.engine')
OPTIM_WRAPPER_CONSTRUCTORS = _child(
    'OPTIM_WRAPPER_CONSTRUCTORS', 'mmspg.engine'
)
PARAM_SCHEDULERS = _child('PARAM_SCHEDULERS')

# mmspg.datasets.registered
DATASETS = _child('DATASETS', 'mmspg.datasets.registered')
DATA_SAMPLERS = _child('DATA_SAMPLERS')
TRANSFORMS = _child('TRANSFORMS', 'mmspg.datasets.registered')

# mmspg.models
MODELS = _child('MODELS', 'mmspg.models')
MODEL_WRAPPERS = _child('MODEL_WRAPPERS')
WEIGHT_INITIALIZERS = _child('WEIGHT_INITIALIZERS')
BATCH_AUGMENTS = _child('BATCH_AUGMENTS', 'mmspg.models')
TASK_UTILS = _child('TASK_UTILS', 'mmspg.models')

# mmspg.evaluation.metrics
METRICS = _child('METRICS', 'mmspg.evaluation.metrics')
EVALUATORS = _child('EVALUATORS')

# mmspg.visualization
VISUALIZERS = _child('VISUALIZERS', 'mmspg.visualization')
VISBACKENDS = _child('VISBACKENDS')
