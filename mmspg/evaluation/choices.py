"""Store thresholds with weights, and refuse them for other weights.

A threshold is valid only for the weights, the map, the input size and the rule
that it was chosen with. So a choice is stored with all of these, in
``meta['localization']`` of the checkpoint or in a file beside it, and it is
refused for others. A choice is a plain dict:

- ``threshold``, and for Top-5* ``threshold_tight`` and ``threshold_loose``;
- ``kind``: 'validated' (the best of the validation during training),
  'chosen' (by ``sweep_threshold.py``) or 'fixed' (by the config);
- ``chosen_on``: split and number of images, in words; ``figure`` and
  ``value``: the figure that was best there;
- ``valley`` and ``confidence``, see `mmspg.evaluation.box_choices`;
- the settings of `settings_of`, and ``weights``, a digest.
"""

import hashlib
import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from mmspg.utils.atomic import write_atomically
from mmspg.utils.carried_config import META_KEY, carried_settings
from mmspg.utils.cfg import input_side, walk_dicts
from mmspg.utils.checkpoint import read_checkpoint, state_dict_of

from .choice_values import checked_choice
from .functional.steps import checked_steps

WITH_THRESHOLD = ('LocalizationMetric', 'DetectionMetric')
SWEEP = 'python tools/analysis_tools/sweep_threshold.py'
# How a metric reads a map, with the values that hold without a config.
PAPERS: dict[str, Any] = dict(
    rule='largest_area', align_corners=False, score_map_steps=[]
)
METRIC_KEYS = tuple(PAPERS)
# What a choice is bound to, beside the digest of the weights.
BOUND = ('map_source', 'map_options', 'views', 'input_size', *METRIC_KEYS)


def localization_metrics(evaluator) -> list[dict]:
    """List the configs of an evaluator's metrics that have a threshold."""
    return [
        node
        for node in walk_dicts(evaluator)
        if str(node.get('type')).endswith(WITH_THRESHOLD)
    ]


def reading_of(metric: dict) -> dict[str, Any]:
    """Give rule, align_corners and steps of a metric's config."""
    found = {key: metric.get(key, value) for key, value in PAPERS.items()}
    found['score_map_steps'] = checked_steps(found['score_map_steps'])
    if str(metric.get('type')).endswith('MaxBoxAcc'):  # it names no rule
        several = metric.get('multi_contour')
        if several is None:
            several = metric.get('multi_iou')
        found['rule'] = 'all_contours' if several else 'largest_contour'
    return found


def settings_of(cfg: Config, split: str = 'test') -> dict[str, Any]:
    """Collect what a threshold depends on beside the weights.

    Args:
        cfg (Config): A config with ``model``, dataloaders and evaluators.
        split (str): 'test' or 'val', the split whose dataloader and evaluator
            count. If it has none, those of the other split count.

    Returns:
        dict: ``rule``, ``align_corners`` and ``score_map_steps`` of the
        metric; ``map_source``, of the head or the attribution; ``views``,
        ``score_map_views`` of the model; ``map_options``, other settings of
        an attribution or an ensemble that change its maps;
        ``input_size``, the side of the network's input in pixels; ``exif``,
        if the loader names it.
    """
    other = 'val' if split == 'test' else 'test'
    evaluator, loader = (
        cfg.get(f'{split}_{part}') or cfg.get(f'{other}_{part}')
        for part in ('evaluator', 'dataloader')
    )
    found = reading_of((localization_metrics(evaluator) or [{}])[0])
    model = cfg.get('model') or {}
    found['map_source'] = ', '.join(_map_sources(model))
    views = (model.get('module') or model).get('score_map_views')
    found['views'] = json.loads(json.dumps(views))  # tuples become lists
    options = _map_options(model)
    found['map_options'] = json.loads(json.dumps(options)) or None
    side = input_side(loader)
    if side is not None:
        found['input_size'] = side
    for node in walk_dicts(loader):
        if 'exif' in node:
            found['exif'] = node['exif']
    return found


def attribution_name(options: Mapping) -> str:
    """Name the map of an attribution, such as 'layercam:backbone.layers.2'.

    Args:
        options (Mapping): ``name`` and, for some, ``layer``.
    """
    parts = options.get('name'), options.get('layer')
    return ':'.join(part for part in parts if part)


def _map_sources(model: dict) -> list[str]:
    members = model.get('members') or []
    if model.get('module'):  # test-time augmentation wraps a model
        members = [model['module']]
    if members:
        return [source for one in members for source in _map_sources(one)]
    if 'attribution' in model:
        return [f'attribution {attribution_name(model["attribution"])}']
    head = model.get('head') or {}
    return [head.get('score_map_source', 'attention')]


def _map_options(model: dict) -> dict[str, Any]:
    """Collect what else a map depends on, by the place in the model."""
    if model.get('module'):  # test-time augmentation wraps a model
        return _map_options(model['module'])
    found = {k: model.get(k) for k in ('smooth', 'normalise')}
    for key, value in (model.get('attribution') or {}).items():
        if key not in ('name', 'layer'):
            found[key] = value
    for i, member in enumerate(model.get('members') or ()):
        found[str(i)] = _map_options(member)
    return {key: value for key, value in found.items() if value}


def weights_digest(state_dict: dict[str, Any]) -> str:
    """Hash names and values of all tensors.

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
        settings (dict): The settings of its use. Keys that the choice does
            not have are not compared.
        command (str): The command that makes a new choice, for the message.

    Raises:
        ValueError: Something differs; the message names it.
    """
    # Choices from before there were steps and views do not name them.
    choice = {'score_map_steps': [], 'views': None, **choice}
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
    """Say where a choice came from."""
    kind = choice.get('kind', 'chosen')
    if kind == 'fixed':
        return 'fixed by the config of the training'
    on = choice.get('chosen_on', 'another split')
    if kind == 'validated':
        return f'best of the validation on {on}'
    return f'chosen on {on}'


def sweep_command(checkpoint: str, config: str | None = None) -> str:
    """Give the command that chooses a threshold for a checkpoint."""
    files = [config, checkpoint] if config else [checkpoint]
    return f'{SWEEP} {shlex.join(map(str, files))}'


def threshold_file(checkpoint: str) -> Path:
    """Give the path of the choice that lies beside a checkpoint.

    Examples:
        >>> threshold_file('work_dirs/epoch_3.pth').name
        'epoch_3.threshold.json'
    """
    return Path(checkpoint).with_suffix('.threshold.json')


def read_choice(path: str | Path) -> dict:
    """Read a file that ``tools/analysis_tools/sweep_threshold.py`` wrote.

    Raises:
        ValueError: The file is missing or holds no choice.
    """
    try:
        return checked_choice(
            json.loads(Path(path).read_text(encoding='utf-8'))
        )
    except FileNotFoundError:
        raise ValueError(
            f'threshold={str(path)!r}: there is no such file, and it is not '
            "'oracle', 'checkpoint' or a number"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(
            f'{path}: no stored threshold: expected a JSON object with the '
            f"key 'threshold' ({error})"
        ) from None


def stored_choices(checkpoint: str, content: dict | None = None) -> list[dict]:
    """Read the choices beside a checkpoint and in it, in this order.

    Args:
        checkpoint (str): Path or address of the checkpoint.
        content (dict, optional): Its content, if it has been read.

    Raises:
        ValueError: The file beside it or the entry in it is not a choice.
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
            found.append(checked_choice(carried))
        except ValueError as error:
            raise ValueError(
                f"the threshold stored in '{checkpoint}' is broken: {error}. "
                f'Choose a new one: {sweep_command(checkpoint)}'
            ) from None
    return found


def store_choice(choice: dict, path: str | Path) -> None:
    """Write a choice as indented JSON."""
    text = json.dumps(choice, indent=2) + '\n'
    write_atomically(path, text.encode())


def store_in_checkpoint(choice: dict, checkpoint: str) -> None:
    """Write a choice into a checkpoint's ``meta``; the rest stays."""
    content = read_checkpoint(str(checkpoint))
    content.setdefault('meta', {})[META_KEY] = choice
    # A write that breaks off must not destroy the checkpoint.
    unfinished = Path(f'{checkpoint}.unfinished')
    torch.save(content, unfinished)
    unfinished.replace(checkpoint)


def usable_choice(
    settings: dict,
    checkpoint: str,
    content: dict | None = None,
    config: str | None = None,
) -> tuple[dict | None, list[str]]:
    """Find the choice that was made for this use of a checkpoint.

    Args:
        settings (dict): The settings of its use, see `settings_of`.
        checkpoint (str): Path or address of the checkpoint.
        content (dict, optional): Its content, if it has been read.
        config (str, optional): File of the config, for messages.

    Returns:
        tuple: The choice or None, and the reasons why others were refused.
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
