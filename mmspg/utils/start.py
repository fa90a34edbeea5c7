"""Check what a training starts from, before anything is built."""

import os.path as osp

from mmengine.config import Config
from mmengine.logging import HistoryBuffer

from .cfg import walk_dicts
from .checkpoint import read_checkpoint
from .resume import check_same_run
from .warn import warn
from .work_dir import newest_checkpoint

__all__ = ['check_schedule', 'check_start']


def check_start(cfg: Config) -> None:
    """Check the checkpoints that a training is about to read.

    MMEngine resumes from any checkpoint. Without the optimizer's state it
    would silently train on with moments of zero, and with another schedule,
    since that state holds the lr. With another batch size or schedule it
    would go on at a wrong place.

    Args:
        cfg (Config): The config of the training, with ``work_dir``. To
            resume, it gets the checkpoint as ``load_from``.

    Raises:
        FileNotFoundError: A checkpoint is missing.
        ValueError: A checkpoint cannot be read or is refused. Or the one to
            resume from lacks the optimizer or the lr schedulers, or was
            written under other settings (`ChangedRunError`).
    """
    for node in walk_dicts(cfg.get('model')):
        if node.get('type') == 'Pretrained' and node.get('checkpoint'):
            read_checkpoint(node['checkpoint'])
    _check_colours(cfg)
    start = cfg.get('load_from')
    if cfg.get('resume') and not start and osp.isdir(cfg.work_dir):
        cfg.load_from = start = newest_checkpoint(cfg.work_dir)
    if start is None:
        return
    found = read_checkpoint(start)
    if not cfg.get('resume'):
        return
    wanted = ['optimizer']
    if cfg.get('param_scheduler'):
        wanted.append('param_schedulers')
    missing = [key for key in wanted if key not in found]
    if missing:
        raise ValueError(
            f"'{start}' cannot be resumed from: it holds no "
            f'{" and no ".join(missing)}, so the training would differ from '
            'the one that was interrupted. It was published, or saved '
            'with default_hooks.checkpoint.save_optimizer=False or '
            'save_param_scheduler=False. To begin a new training with its '
            'weights, leave out --resume and add --cfg-options '
            f'load_from={start}.'
        )
    meta = found.get('meta', {})
    for key in ('epoch', 'iter'):
        if type(meta.get(key)) is not int or meta[key] < 0:
            raise ValueError(
                f"'{start}' cannot be resumed from: meta[{key!r}] must be a "
                f'whole number from 0, and is {str(meta.get(key))[:50]!r}.'
            )
    _check_message_hub(found.get('message_hub'), start)
    check_same_run(cfg, found, start)


def _check_colours(cfg: Config) -> None:
    """Warn where weights of timm expect images of another mean or range."""
    model = cfg.get('model') or {}
    backbone = model.get('backbone') or {}
    trunk = backbone.get('trunk')
    trunk = dict(type=trunk) if isinstance(trunk, str) else trunk or {}
    name = str(trunk.get('type'))
    begins = backbone.get('init_cfg') or {}
    begins = isinstance(begins, dict) and begins.get('type') == 'Pretrained'
    goes_on = cfg.get('load_from') or cfg.get('resume')
    if not name.startswith('timm/') or goes_on:
        return
    if not (trunk.get('pretrained') or begins):
        return
    try:
        from timm import get_pretrained_cfg
    except ImportError:  # AnyTrunk says what to install
        return
    expected = get_pretrained_cfg(name.removeprefix('timm/'))
    own = model.get('data_preprocessor')
    given = own or cfg.get('data_preprocessor') or {}
    place = 'model.' * bool(own) + 'data_preprocessor'
    wanted = {
        key: [round(255 * value, 2) for value in getattr(expected, key)]
        for key in ('mean', 'std')
        if expected and given.get(key)
    }
    if any(
        abs(one - other) > 3  # grey levels; (RGB - 127) / 128 is as good
        for key, values in wanted.items()
        for one, other in zip(values, given[key], strict=False)
    ):
        options = [
            f"{place}.{key}='{values}'".replace(', ', ',')
            for key, values in wanted.items()
        ]
        warn(
            f"timm's weights of {name} expect images of another mean or range "
            'than the config gives. If the training begins with them, add '
            f'--cfg-options {" ".join(options)}'
        )


def _check_message_hub(hub, path: str) -> None:
    """Refuse what MMEngine's ``MessageHub`` does not write."""
    kinds = dict(log_scalars=HistoryBuffer, runtime_info=object)
    kinds['resumed_keys'] = bool
    for key, kind in kinds.items():
        part = hub.get(key) if isinstance(hub, dict) else None
        if not isinstance(part, dict) or not all(
            isinstance(name, str) and isinstance(value, kind)
            for name, value in part.items()
        ):
            raise ValueError(
                f"'{path}' cannot be resumed from: message_hub[{key!r}] is "
                'not what MMEngine writes.'
            )


def check_schedule(cfg: Config) -> None:
    """Refuse schedulers by epochs in a training that counts iterations.

    MMEngine takes such a training for one epoch. A cosine would reach zero
    after one pass over the images, and a step would never come.

    Raises:
        ValueError: A scheduler counts epochs, and the training does not.
    """
    train = cfg.get('train_cfg') or {}
    by_epoch = train.get('by_epoch', train.get('type') != 'IterBasedTrainLoop')
    if by_epoch:
        return
    wrong = [
        node['type']
        for node in walk_dicts(cfg.get('param_scheduler') or [])
        if 'type' in node
        and node.get('by_epoch', True)
        and not (node.get('convert_to_iter_based') and 'end' in node)
    ]
    if wrong:
        raise ValueError(
            f'train_cfg counts iterations, and the scheduler {wrong[0]} '
            'counts epochs. Set by_epoch=False and convert_to_iter_based='
            'False on it, and give its numbers in iterations.'
        )
