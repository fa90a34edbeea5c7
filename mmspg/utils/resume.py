"""Check that a resumed training is the one that was interrupted."""

import re
from collections.abc import Iterator
from typing import Any

from mmengine.config import Config
from mmengine.dist import get_world_size
from mmengine.hooks import CheckpointHook
from mmengine.runner import EpochBasedTrainLoop

from .carried_config import parse_config
from .warn import warn

__all__ = [
    'ChangedRunError',
    'changed_settings',
    'check_same_run',
    'forward_schedulers',
    'piece_length',
    'run_numbers',
    'take_new_settings',
]

# The settings that decide which weights a training ends with.
COURSE = (
    'model train_dataloader train_cfg optim_wrapper param_scheduler '
    'custom_hooks auto_scale_lr randomness strategy sync_bn'
).split()
# Settings among these that have no effect on the weights: where the weights
# came from, how data are moved, when validation takes place, and the map that
# a validation of the training itself has chosen.
WITHOUT_EFFECT = re.compile(
    r'init_cfg|^train_cfg\.(val_|dynamic_intervals)|^train_dataloader\.'
    r'(pin_memory|persistent_workers|prefetch_factor|collate_fn)'
    r'|^model\.head\.score_map_source$'
)
# Settings that may change, with a warning: random numbers, folders that have
# moved, and the choice of maps, which only predictions use.
TOLD = re.compile(
    r'^randomness|^train_dataloader\.(num_workers|dataset\.\w*(root|dir|file))'
    r'|^train_dataloader\.dataset\.broken_images|\.score_map_\w+(\.|$)'
)
KEY = 'run'  # in a checkpoint's meta


class ChangedRunError(ValueError):
    """The checkpoint belongs to another training."""


def _flat(node, name: str = '') -> Iterator[tuple[str, Any]]:
    """Yield all plain values in a config, with their dotted names."""
    if isinstance(node, dict) and node:
        for key, value in node.items():
            yield from _flat(value, f'{name}.{key}' if name else str(key))
    elif isinstance(node, (list, tuple)) and node:
        for i, value in enumerate(node):
            yield from _flat(value, f'{name}.{i}')
    else:
        yield name, list(node) if isinstance(node, tuple) else node


def _with_preprocessor(cfg: dict) -> dict:
    """Put the data preprocessor into the model, as a runner does."""
    model, given = cfg.get('model'), cfg.get('data_preprocessor')
    if not model or not given:
        return cfg
    return {**cfg, 'model': {'data_preprocessor': given, **model}}


def _with_defaults(cfg: dict) -> dict:
    """Write the settings into schedulers that MMEngine takes by default."""
    end = (cfg.get('train_cfg') or {}).get('max_epochs')

    def plain(given):
        if isinstance(given, list | tuple):
            return [plain(one) for one in given]
        if not isinstance(given, dict) or 'type' not in given:
            return given
        found = {'by_epoch': True, **given}
        if found['by_epoch'] and 'Cosine' in str(found['type']):
            last = found.get('end', end)
            if last is not None:
                found.setdefault('T_max', last - found.get('begin', 0))
        return found

    return {**cfg, 'param_scheduler': plain(cfg.get('param_scheduler'))}


def changed_settings(old: dict, new: dict) -> tuple[dict, dict]:
    """Compare the settings of two trainings.

    Args:
        old (dict): The config that the checkpoint was written with.
        new (dict): The config of the training that is to continue.

    Returns:
        tuple[dict, dict]: ``{dotted name: (old, new)}``, where None stands for
        a missing value. The first has the changes that make it another
        training, and the second has those that only need a warning.
    """
    scaling = [(cfg.get('auto_scale_lr') or {}) for cfg in (old, new)]
    course = set(COURSE)
    if not any(given.get('enable') for given in scaling):
        course.remove('auto_scale_lr')
    sides = [
        dict(_flat({k: cfg[k] for k in course if cfg.get(k) is not None}))
        for cfg in map(_with_defaults, map(_with_preprocessor, (old, new)))
    ]
    grave: dict = {}
    told: dict = {}
    for name in sorted({*sides[0], *sides[1]}):
        pair = tuple(side.get(name) for side in sides)
        if pair[0] != pair[1] and not WITHOUT_EFFECT.search(name):
            (told if TOLD.search(name) else grave)[name] = pair
    return grave, told


def piece_length(runner) -> int:
    """Give the number of iterations between points to resume from.

    It is the length of an epoch. A training by iterations has no epochs, so
    it is the interval between its checkpoints, or 0 if it writes none.
    """
    if isinstance(runner.train_loop, EpochBasedTrainLoop):
        return len(runner.train_dataloader)
    intervals = [
        hook.interval
        for hook in runner.hooks
        if isinstance(hook, CheckpointHook) and not hook.by_epoch
    ]
    return max([0, *intervals])


def run_numbers(runner) -> dict[str, int]:
    """Give the number of processes, and of iterations in an epoch.

    For a training by iterations it is the number between two checkpoints.
    """
    loop = runner.train_loop
    by_epoch = isinstance(loop, EpochBasedTrainLoop)
    return {
        'processes': get_world_size(),
        f'iterations_{"an_epoch" if by_epoch else "a_checkpoint"}': (
            piece_length(runner)
        ),
    }


def check_same_run(
    cfg: Config, checkpoint: dict, path: str, numbers: dict | None = None
) -> None:
    """Refuse to resume a checkpoint that belongs to another training.

    Args:
        cfg (Config): The config of the training to continue. If it has
            ``resume_changed``, everything is allowed.
        checkpoint (dict): The content of the file.
        path (str): The name of the file, for the message.
        numbers (dict, optional): From `run_numbers`, once they are known.

    Raises:
        ChangedRunError: The settings or numbers differ, or the checkpoint
            was written in the middle of an epoch.
    """
    meta = checkpoint.get('meta') or {}
    grave: dict = {}
    if numbers is None:
        try:
            old = parse_config(str(meta.get('cfg', '')))
        except ValueError:
            old = {}
        if old:
            grave, told = changed_settings(old, cfg.to_dict())
            if told:
                warn(
                    f'resumed under changed settings: {_listed(told)}. The '
                    'random numbers may differ from those of an '
                    'uninterrupted run.'
                )
    else:
        before = meta.get(KEY) or {}
        for key, value in numbers.items():
            if before.get(key, value) != value:
                grave[key.replace('_', ' ')] = (before[key], value)
        grave.update(grave or _inside_a_piece(cfg, meta, numbers))
    if not grave:
        return
    if cfg.get('resume_changed'):
        warn(f'resumed under new settings: {_listed(grave)}')
        return
    raise ChangedRunError(
        f"cannot resume from '{path}', because this would be another "
        f'training: {_listed(grave)}. Use the settings of the interrupted '
        'training, and a checkpoint from the end of an epoch. To start a new '
        'training with these weights, replace --resume by --cfg-options '
        f'load_from={path}. To continue with the new settings and new '
        'schedules, add --resume-changed.'
    )


def _inside_a_piece(cfg: Config, meta: dict, numbers: dict) -> dict:
    """Tell why no run can continue exactly from a checkpoint, if so."""
    if (meta.get(KEY) or {}).get('between_steps'):
        # The gradients that the other processes have summed up are lost.
        return {'the step of the optimizer': ('half done', 'started again')}
    if 'iter' not in meta:
        return {}
    at = meta['iter']
    if 'iterations_an_epoch' in numbers:
        whole = meta.get('epoch', 0) * numbers['iterations_an_epoch']
        name = 'iterations at the last end of an epoch'
    else:
        length = numbers['iterations_a_checkpoint']
        ended = at >= (cfg.get('train_cfg') or {}).get('max_iters', at + 1)
        whole = at if ended or not length else at - at % length
        name = 'iterations at the last regular checkpoint'
    return {} if at == whole else {name: (at, whole)}


def _listed(changes: dict) -> str:
    """Describe the first few changes."""
    some = [
        f'{name} was {str(old)[:60]} and is now {str(new)[:60]}'
        for name, (old, new) in list(changes.items())[:5]
    ]
    more = len(changes) - len(some)
    return ', '.join(some) + (f', and {more} more' if more else '')


def take_new_settings(runner, checkpoint: dict) -> None:
    """Reduce a checkpoint to what is valid under new settings.

    The weights and the epoch are kept, and also the moments of the optimizer
    if it is of the same kind. Learning rate, weight decay and similar
    settings are taken from the runner's optimizer. `forward_schedulers` has
    to be called afterwards.

    Args:
        runner (Runner): The runner that is about to resume.
        checkpoint (dict): The checkpoint, which is changed in place.

    Raises:
        ChangedRunError: The runner has no single optimizer (FSDP).
    """
    wrapper = runner.optim_wrapper
    if not hasattr(wrapper, 'param_groups'):
        raise ChangedRunError(
            f'--resume-changed does not work with a {type(runner).__name__}. '
            'Start a new training with load_from.'
        )
    loop, meta = runner.train_loop, checkpoint['meta']
    if isinstance(loop, EpochBasedTrainLoop):
        meta['iter'] = meta['epoch'] * len(loop.dataloader)
    checkpoint.pop('param_schedulers', None)
    state = checkpoint.get('optimizer') or {}
    old = list(state.get('param_groups', []))
    if 'base_param_settings' in state:
        old.append(state['base_param_settings'])
    new = wrapper.param_groups
    same = len(old) == len(new) and all(
        one.keys() == other.keys()
        and len(one['params']) == len(other['params'])
        for one, other in zip(old, new, strict=True)
    )
    if not same:
        warn('the optimizer has changed, so its moments start at zero')
        checkpoint.pop('optimizer', None)
        return
    for one, other in zip(old, new, strict=True):
        one.update({k: v for k, v in other.items() if k != 'params'})


def forward_schedulers(runner) -> None:
    """Advance new schedules to the epoch and iteration of the runner."""
    schedulers = runner.param_schedulers or []
    if isinstance(schedulers, dict):
        schedulers = [one for part in schedulers.values() for one in part]
    loop = runner.train_loop
    for by_epoch, number in ((True, loop.epoch), (False, loop.iter)):
        chosen = [one for one in schedulers if one.by_epoch == by_epoch]
        for _ in range(number):
            for scheduler in chosen:
                scheduler.step()
