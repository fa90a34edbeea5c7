"""A threshold chosen on one split, kept with the checkpoint for another."""

import json
import logging
from pathlib import Path

import torch
from mmengine.logging import print_log

from mmspg.utils.checkpoint import read_checkpoint

from .threshold_choice import check_protocol, read_choice

META_KEY = 'localization_threshold'


def threshold_file(checkpoint):
    """Path of the choice that lies beside a checkpoint.

    Examples:
        >>> threshold_file('work_dirs/epoch_3.pth').name
        'epoch_3.threshold.json'
    """
    return Path(checkpoint).with_suffix('.threshold.json')


def stored_choice(checkpoint):
    """Read the choice beside a checkpoint, or else in it.

    Args:
        checkpoint (str): Path or address of the checkpoint.

    Returns:
        dict | None: What ``sweep_threshold.py`` wrote.
    """
    path = threshold_file(checkpoint)
    if '://' not in str(checkpoint) and path.is_file():
        return dict(read_choice(path), file=str(path))
    content = read_checkpoint(str(checkpoint))
    return (content.get('meta') or {}).get(META_KEY)


def store_choice(choice, path):
    """Write a choice, indented JSON."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(choice, indent=2) + '\n', encoding='utf-8')


def store_in_checkpoint(choice, checkpoint):
    """Write a choice into a checkpoint's ``meta``, and keep all else."""
    content = read_checkpoint(str(checkpoint))
    content.setdefault('meta', {})[META_KEY] = choice
    # A write that breaks off must not take the checkpoint with it.
    unfinished = Path(f'{checkpoint}.unfinished')
    torch.save(content, unfinished)
    unfinished.replace(checkpoint)


def use_stored_choice(cfg, checkpoint):
    """Let the test of a checkpoint use the threshold chosen for it.

    It goes to every LocalizationMetric of ``test_evaluator`` that has no
    ``threshold`` of its own, or has 'checkpoint'.

    Args:
        cfg (Config): Changed in place.
        checkpoint (str): Path or address of the checkpoint.

    Raises:
        ValueError: 'checkpoint' is asked for, and nothing is stored, or
            something chosen under another protocol.
    """
    wanting = [
        metric
        for metric in _metrics(cfg.get('test_evaluator'))
        if str(metric.get('type')).endswith('LocalizationMetric')
        and metric.get('threshold', 'checkpoint') == 'checkpoint'
    ]
    if not wanting:
        return
    choice = stored_choice(checkpoint)
    for metric in wanting:
        required = 'threshold' in metric
        if choice is None:
            if required:
                raise ValueError(
                    f"threshold='checkpoint', but neither {checkpoint} nor "
                    f'{threshold_file(checkpoint)} has a threshold; choose '
                    'one with tools/analysis_tools/sweep_threshold.py'
                )
            continue
        protocol = dict(
            rule=metric.get('rule', 'largest_area'),
            align_corners=metric.get('align_corners', False),
        )
        try:
            check_protocol(choice, protocol)
        except ValueError as error:
            if required:
                raise
            print_log(
                f'{error}. The oracle stands in for it',
                logger='current',
                level=logging.WARNING,
            )
            continue
        metric['threshold'] = choice


def _metrics(evaluator):
    if evaluator is None:
        return []
    if isinstance(evaluator, dict):
        return (
            _metrics(evaluator['metrics'])
            if 'metrics' in evaluator
            else [evaluator]
        )
    return list(evaluator)
