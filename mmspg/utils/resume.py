"""Whether a resumed training is the one that was interrupted."""

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

# What decides the weights that a training ends with.
COURSE = (
    'model train_dataloader train_cfg optim_wrapper param_scheduler '
    'custom_hooks auto_scale_lr randomness strategy'
).split()
# Settings among these that have no effect on them: where the weights started,
# how data are moved, when validation takes place.
WITHOUT_EFFECT = re.compile(
    r'init_cfg|^train_cfg\.(val_|dynamic_intervals)|^train_dataloader\.'
    r'(pin_memory|persistent_workers|prefetch_factor|collate_fn)'
)
# Settings that may change, with a warning: random numbers, folders that have
# moved, maps that only a prediction gives.
TOLD = re.compile(
    r'^randomness|^train_dataloader\.(num_workers|dataset\.\w*(root|dir|file))'
    r'|^train_dataloader\.dataset\.broken_images|\.score_map_\w+$'
)
KEY = 'run'  # in a checkpoint's meta


class ChangedRunError(ValueError):
    """A checkpoint of another training than the one that would go on."""


def _flat(node, name: str = '') -> Iterator[tuple[str, Any]]:
    """All plain values in a config, by their dotted names."""
    if isinstance(node, dict) and node:
        for key, value in node.items():
            yield from _flat(value, f'{name}.{key}' if name else str(key))
    elif isinstance(node, (list, tuple)) and node:
        for i, value in enumerate(node):
            yield from _flat(value, f'{name}.{i}')
    else:
        yield name, list(node) if isinstance(node, tuple) else node


def _with_preprocessor(cfg: dict) -> dict:
    """Put the data preprocessor where a runner puts it, into the model."""
    model, given = cfg.get('model'), cfg.get('data_preprocessor')
    if not model or not given:
        return cfg
    return {**cfg, 'model': {'data_preprocessor': given, **model}}


def changed_settings(old: dict, new: dict) -> tuple[dict, dict]:
    """Compare the settings of two trainings.

    Args:
        old (dict): Config that the checkpoint was written under.
        new (dict): Config of the training that is to go on.

    Returns:
        tuple[dict, dict]: Dotted name to (old, new), where None stands for
        nothing: those that make it another training, and those that only
        have to be told.
    """
    sides = [
        dict(_flat({k: cfg[k] for k in COURSE if cfg.get(k) is not None}))
        for cfg in map(_with_preprocessor, (old, new))
    ]
    grave: dict = {}
    told: dict = {}
    for name in sorted({*sides[0], *sides[1]}):
        pair = tuple(side.get(name) for side in sides)
        if pair[0] != pair[1] and not WITHOUT_EFFECT.search(name):
            (told if TOLD.search(name) else grave)[name] = pair
    return grave, told


def piece_length(runner) -> int:
    """Iterations between two places that a training can go on from.

    They are those of an epoch. A training by iterations has none: there they
    are those between two checkpoints, or 0 if it writes none.
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
    """Number of processes, and of iterations an epoch or a checkpoint."""
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
    """Refuse to resume where another training would go on in silence.

    Args:
        cfg (Config): That of the training to continue. ``resume_changed``
            in it allows everything.
        checkpoint (dict): What the file holds.
        path (str): Its name, for the message.
        numbers (dict, optional): From `run_numbers`, once they are known.

    Raises:
        ChangedRunError: The settings or numbers differ, or the checkpoint
            was written inside of an epoch.
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
                    f'resumed with {_listed(told)}: the random numbers may be '
                    'others than those of a run that never stopped'
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
        f"'{path}' cannot be resumed from, this would be another training: "
        f'{_listed(grave)}. Give the settings of the interrupted training '
        'and a checkpoint of the end of an epoch. Or begin a new training '
        'with these weights: leave out --resume and add --cfg-options '
        f'load_from={path}. Or continue under the new settings, with '
        'new schedules: add --resume-changed.'
    )


def _inside_a_piece(cfg: Config, meta: dict, numbers: dict) -> dict:
    """Say where a checkpoint lies that no run can continue exactly from."""
    if (meta.get(KEY) or {}).get('between_steps'):
        # The gradients that the other processes have summed up are lost.
        return {'the step of the optimizer': ('half done', 'begun anew')}
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
    """Some changes, in words."""
    some = [
        f'{name} was {str(old)[:60]} and is now {str(new)[:60]}'
        for name, (old, new) in list(changes.items())[:5]
    ]
    more = len(changes) - len(some)
    return ', '.join(some) + (f', and {more} more' if more else '')


def take_new_settings(runner, checkpoint: dict) -> None:
    """Leave of a checkpoint what is to go on under new settings.

    The weights, the epoch and, if the optimizer is of the same kind, its
    moments stay. Learning rate, weight decay and the like become those of
    the runner's optimizer; `forward_schedulers` does the rest.

    Args:
        runner (Runner): About to resume.
        checkpoint (dict): Changed in place.

    Raises:
        ChangedRunError: The runner has no single optimizer (FSDP).
    """
    wrapper = runner.optim_wrapper
    if not hasattr(wrapper, 'param_groups'):
        raise ChangedRunError(
            f'--resume-changed is not for a {type(runner).__name__}: begin a '
            'new training with load_from'
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
        warn('the optimizer is another one: its moments begin at zero')
        checkpoint.pop('optimizer', None)
        return
    for one, other in zip(old, new, strict=True):
        one.update({k: v for k, v in other.items() if k != 'params'})


def forward_schedulers(runner) -> None:
    """Bring new schedules to the epoch and iteration of the runner."""
    schedulers = runner.param_schedulers or []
    if isinstance(schedulers, dict):
        schedulers = [one for part in schedulers.values() for one in part]
    loop = runner.train_loop
    for by_epoch, number in ((True, loop.epoch), (False, loop.iter)):
        chosen = [one for one in schedulers if one.by_epoch == by_epoch]
        for _ in range(number):
            for scheduler in chosen:
                scheduler.step()
