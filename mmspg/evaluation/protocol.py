"""From score map to box: threshold and rule, and how they go with weights.

A threshold is worth something for the weights, the map, the input size and
the rule that it was chosen with. So a choice is stored with all of these, in
``meta['localization']`` of the checkpoint or in a file beside it, and is
refused for others. A choice is a plain dict:

- ``threshold``, and for Top-5* ``threshold_tight`` and ``threshold_loose``;
- ``kind``: 'validated' (the best of the validation during training),
  'chosen' (by ``sweep_threshold.py``) or 'fixed' (by the config);
- ``chosen_on``: split and number of images, in words; ``figure`` and
  ``value``: what was best there;
- the settings of `settings_of`, and ``weights``, a digest.
"""

import hashlib
import json
import logging
import math
import shlex
from collections.abc import Iterable
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.logging import print_log

from mmspg.utils.atomic import write_atomically
from mmspg.utils.cfg import input_side, walk_dicts
from mmspg.utils.checkpoint import read_checkpoint, state_dict_of

from .functional import get_rule

META_KEY = 'localization'
DEFAULT_THRESHOLD = 0.2  # of CAM
SWEEP = 'python tools/analysis_tools/sweep_threshold.py'
# What a choice is bound to, beside the digest of the weights.
METRIC_KEYS = ('rule', 'align_corners', 'score_map_steps')
BOUND = ('map_source', 'input_size', *METRIC_KEYS)


class Protocol(NamedTuple):
    """From score map to box, as `locate` takes it, and who said so.

    ``source`` says in words where the threshold came from. 'default' means
    that nobody has chosen one for these weights.
    """

    threshold: float
    rule: str = 'largest_area'
    align_corners: bool = False
    source: str = 'given'


def sweep_command(checkpoint: str, config: str | None = None) -> str:
    """The command that chooses a threshold for a checkpoint."""
    files = [config, checkpoint] if config else [checkpoint]
    return f'{SWEEP} {shlex.join(map(str, files))}'


def localization_metrics(evaluator) -> list[dict]:
    """The configs of `LocalizationMetric` in an evaluator's config."""
    return [
        node
        for node in walk_dicts(evaluator)
        if str(node.get('type')).endswith('LocalizationMetric')
    ]


def settings_of(cfg: Config, split: str = 'test') -> dict[str, Any]:
    """What a threshold depends on, but for the weights.

    Args:
        cfg (Config): With ``model``, and dataloaders and evaluators.
        split (str): Whose dataloader and evaluator: 'test', or 'val'. Where
            there is none, the other's count.

    Returns:
        dict: ``rule``, ``align_corners`` and, if set, ``score_map_steps`` of
        the metric; ``map_source``, of the head or the attribution;
        ``input_size``, the side of the network's input in pixels; ``exif``,
        if the loader names it.
    """
    other = 'val' if split == 'test' else 'test'
    evaluator, loader = (
        cfg.get(f'{split}_{part}') or cfg.get(f'{other}_{part}')
        for part in ('evaluator', 'dataloader')
    )
    found = dict(rule='largest_area', align_corners=False)
    for metric in localization_metrics(evaluator)[:1]:
        found.update({k: metric[k] for k in METRIC_KEYS if k in metric})
    found['map_source'] = ', '.join(_map_sources(cfg.get('model') or {}))
    side = input_side(loader)
    if side is not None:
        found['input_size'] = side
    for node in walk_dicts(loader):
        if 'exif' in node:
            found['exif'] = node['exif']
    return found


def _map_sources(model: dict) -> list[str]:
    members = model.get('members') or []
    if model.get('module'):  # test-time augmentation wraps a model
        members = [model['module']]
    if members:
        return [source for one in members for source in _map_sources(one)]
    if 'attribution' in model:
        return [f'attribution {model["attribution"].get("name")}']
    head = model.get('head') or {}
    return [head.get('score_map_source', 'attention')]


def weights_digest(state_dict: dict[str, Any]) -> str:
    """Hash names and values of all tensors, whatever wraps the model.

    Args:
        state_dict (dict[str, Tensor]): Any order, any device.

    Returns:
        str: 64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for name, value in sorted(state_dict.items()):
        if isinstance(value, torch.Tensor):
            digest.update(
                f'{name} {value.dtype} {tuple(value.shape)}'.encode()
            )
            plain = value.detach().cpu().contiguous().reshape(-1)
            digest.update(plain.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def check_choice(choice: dict, settings: dict, command: str = SWEEP) -> None:
    """Refuse a choice that was made for something else.

    Args:
        choice (dict): See the module.
        settings (dict): What it would be used with; keys that the choice
            does not have are not compared.
        command (str): The one that makes a new choice, for the message.

    Raises:
        ValueError: Something differs; the message names it.
    """
    for key in ('weights', *BOUND):
        if key in choice and key in settings and choice[key] != settings[key]:
            of_whom = (
                'for other weights'
                if key == 'weights'
                else f'with {key}={choice[key]!r}, and here it is '
                f'{settings[key]!r}'
            )
            raise ValueError(
                f'the stored threshold {choice["threshold"]:g} was chosen '
                f'{of_whom}. Choose a new one: {command}'
            )


def describe(choice: dict) -> str:
    """Where a choice came from, in words."""
    kind = choice.get('kind', 'chosen')
    if kind == 'fixed':
        return 'fixed by the config of the training'
    on = choice.get('chosen_on', 'another split')
    if kind == 'validated':
        return f'best of the validation on {on}'
    return f'chosen on {on}'


def validated_choice(
    metrics: Iterable, figures: dict, dataset
) -> dict[str, Any] | None:
    """The choice that a validation has made.

    Args:
        metrics (Iterable[BaseMetric]): Those of the validation.
        figures (dict): What it returned.
        dataset: What it was made on.

    Returns:
        dict | None: A choice without its settings; None: no box was
        evaluated.
    """
    for metric in metrics:
        prefix = getattr(metric, 'prefix', None)
        threshold = figures.get(f'{prefix}/threshold')
        if threshold is None or not hasattr(metric, 'choice'):
            continue
        fixed = metric.choice.index is not None
        choice = dict(
            threshold=float(threshold),
            kind='fixed' if fixed else 'validated',
            chosen_on=named_split(dataset),
            figure='gt_known_acc',
            value=float(figures.get(f'{prefix}/gt_known_acc', math.nan)),
        )
        for key in ('threshold_tight', 'threshold_loose'):
            if f'{prefix}/{key}' in figures:
                choice[key] = float(figures[f'{prefix}/{key}'])
        return choice
    return None


def named_split(dataset) -> str:
    """Class, split and number of images of a data set, in words."""
    where = f'{type(dataset).__name__} {getattr(dataset, "split", "")}'
    return f'{where.strip()}, {len(dataset)} images'


def threshold_file(checkpoint: str) -> Path:
    """Path of the choice that lies beside a checkpoint.

    Examples:
        >>> threshold_file('work_dirs/epoch_3.pth').name
        'epoch_3.threshold.json'
    """
    return Path(checkpoint).with_suffix('.threshold.json')


def read_choice(path: str | Path) -> dict:
    """Read a file that ``tools/analysis_tools/sweep_threshold.py`` wrote.

    Raises:
        ValueError: It is absent, or holds no choice.
    """
    try:
        return _checked(json.loads(Path(path).read_text(encoding='utf-8')))
    except FileNotFoundError:
        raise ValueError(
            f"threshold={str(path)!r}: no such file, and neither 'oracle', "
            "'checkpoint' nor a number"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(
            f'{path}: no stored threshold, a JSON object with the key '
            f"'threshold' was expected ({error})"
        ) from None


def _checked(choice) -> dict:
    """Refuse what is no choice.

    Raises:
        ValueError: No dict, or a threshold that is no finite number >= 0.
    """
    if not isinstance(choice, dict):
        raise ValueError(f'it is a {type(choice).__name__}')
    for key in ('threshold', 'threshold_tight', 'threshold_loose'):
        value = choice.get(key, 0 if key != 'threshold' else None)
        if (
            not isinstance(value, (int, float))
            or isinstance(value, bool)
            or not 0 <= value < math.inf
        ):
            raise ValueError(f'{key} is {str(value)[:50]!r}')
    return choice


def stored_choices(checkpoint: str, content: dict | None = None) -> list[dict]:
    """Read the choices beside a checkpoint and in it, in this order.

    Args:
        checkpoint (str): Path or address of the checkpoint.
        content (dict, optional): What it holds, if it has been read.

    Raises:
        ValueError: The file beside it or the entry in it is no choice.
    """
    found = []
    path = threshold_file(checkpoint)
    if '://' not in str(checkpoint) and path.is_file():
        found.append(dict(read_choice(path), file=str(path)))
    if content is None:
        content = read_checkpoint(str(checkpoint))
    carried = carried_settings(content)
    if 'threshold' in carried:
        try:
            found.append(_checked(carried))
        except ValueError as error:
            raise ValueError(
                f"the threshold stored in '{checkpoint}' is broken: {error}. "
                f'Choose a new one: {sweep_command(checkpoint)}'
            ) from None
    return found


def stored_choice(checkpoint: str) -> dict | None:
    """Read the choice beside a checkpoint, or else in it; None: no choice."""
    found = stored_choices(checkpoint)
    return found[0] if found else None


def carried_settings(content: dict) -> dict:
    """What `settings_of` gave when a checkpoint was written, or {}."""
    meta = content.get('meta')
    found = meta.get(META_KEY) if isinstance(meta, dict) else None
    return found if isinstance(found, dict) else {}


def store_choice(choice: dict, path: str | Path) -> None:
    """Write a choice, indented JSON."""
    text = json.dumps(choice, indent=2) + '\n'
    write_atomically(path, text.encode())


def store_in_checkpoint(choice: dict, checkpoint: str) -> None:
    """Write a choice into a checkpoint's ``meta``, and keep all else."""
    content = read_checkpoint(str(checkpoint))
    content.setdefault('meta', {})[META_KEY] = choice
    # A write that breaks off must not take the checkpoint with it.
    unfinished = Path(f'{checkpoint}.unfinished')
    torch.save(content, unfinished)
    unfinished.replace(checkpoint)


def usable_choice(
    settings: dict,
    checkpoint: str,
    content: dict | None = None,
    config: str | None = None,
) -> tuple[dict | None, list[str]]:
    """Find the choice that was made for just this use of a checkpoint.

    Args:
        settings (dict): Of the use, see `settings_of`.
        checkpoint (str): Path or address.
        content (dict, optional): What it holds, if it has been read.
        config (str, optional): File of the config, for messages.

    Returns:
        tuple: The choice or None, and why others were refused.
    """
    if content is None:
        content = read_checkpoint(str(checkpoint))
    choices = stored_choices(checkpoint, content)
    if any('weights' in choice for choice in choices):
        digest = weights_digest(state_dict_of(content))
        settings = dict(settings, weights=digest)
    refused = []
    for choice in choices:
        try:
            check_choice(choice, settings, sweep_command(checkpoint, config))
        except ValueError as error:
            refused.append(str(error))
        else:
            return choice, refused
    return None, refused


def use_stored_choice(cfg: Config, checkpoint: str) -> None:
    """Let the test of a checkpoint use the threshold chosen for it.

    It goes to every LocalizationMetric of ``test_evaluator`` that has no
    ``threshold`` of its own, or has 'checkpoint'.

    Args:
        cfg (Config): Changed in place.
        checkpoint (str): Path or address of the checkpoint.

    Raises:
        ValueError: 'checkpoint' is asked for, and nothing is stored, or
            something chosen for another use.
    """
    wanting = [
        metric
        for metric in localization_metrics(cfg.get('test_evaluator'))
        if metric.get('threshold', 'checkpoint') == 'checkpoint'
    ]
    if not wanting:
        return
    choice, refused = usable_choice(
        settings_of(cfg), checkpoint, config=cfg.filename
    )
    required = any('threshold' in metric for metric in wanting)
    if choice is None:
        reason = ' '.join(refused) or (
            f'neither {checkpoint} nor {threshold_file(checkpoint)} has a '
            'threshold. Choose one: '
            f'{sweep_command(checkpoint, cfg.filename)}'
        )
        if required:
            raise ValueError(f"threshold='checkpoint', but {reason}")
        warn(
            f'{reason}\nUntil then the oracle stands in for it: the best '
            'threshold of the very images that are tested, which flatters.'
        )
    for metric in wanting if choice else ():
        metric['threshold'] = choice


def warn(text: str) -> None:
    """Log a warning."""
    print_log(text, logger='current', level=logging.WARNING)


def protocol_of(
    cfg: Config,
    checkpoint: str | None = None,
    content: dict | None = None,
    rule: str | None = None,
) -> Protocol:
    """Find threshold and rule for the boxes of a model.

    The threshold is, in this order: the one that the config's metric fixes;
    the one stored with the checkpoint for this use of it; the rule's own;
    that of CAM, .2.

    Args:
        cfg (Config): With ``test_evaluator`` or ``val_evaluator``, or
            neither.
        checkpoint (str, optional): Path or address of the weights.
        content (dict, optional): What it holds, if it has been read.
        rule (str, optional): None: the metric's.

    Returns:
        Protocol: What `locate` needs.

    Raises:
        ValueError: Unknown rule; a stored threshold is broken.
    """
    evaluator = cfg.get('test_evaluator') or cfg.get('val_evaluator')
    options = (localization_metrics(evaluator) or [{}])[0]
    settings = settings_of(cfg)
    if rule is not None and rule != settings['rule']:
        options, settings = {}, dict(settings, rule=rule)
    default = default_threshold(settings['rule'])
    threshold, source = _of_the_config(options, settings)
    if threshold is None:
        choice, refused = None, []
        if checkpoint:
            choice, refused = usable_choice(
                settings, checkpoint, content, cfg.filename
            )
        for reason in refused:
            warn(reason)
        threshold = choice['threshold'] if choice else default
        source = describe(choice) if choice else 'default'
    return Protocol(
        float(threshold), settings['rule'], settings['align_corners'], source
    )


def _of_the_config(options, settings) -> tuple[float | None, str]:
    """The threshold that a metric fixes, and where it came from."""
    threshold = options.get('threshold')
    if isinstance(threshold, str) and threshold.endswith('.json'):
        threshold = read_choice(threshold)
    if isinstance(threshold, dict):
        check_choice(threshold, settings)
        return _checked(threshold)['threshold'], describe(threshold)
    if isinstance(threshold, Real):
        return float(threshold), 'fixed'
    grid = options.get('thresholds')
    if isinstance(grid, (list, tuple)) and len(grid) == 1:
        return float(grid[0]), 'fixed'
    return None, ''


def default_threshold(rule: str) -> float:
    """The rule's own threshold, or that of CAM."""
    own = get_rule(rule).thresholds
    return DEFAULT_THRESHOLD if own is None else float(own[0])
