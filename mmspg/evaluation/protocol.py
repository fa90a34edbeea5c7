"""From score map to box: threshold and rule, and who said so.

A threshold is fixed by the config, chosen before and stored with the weights
(see `mmspg.evaluation.choices`), or the oracle's, the best of the images that
are tested. Where none of these is, the rule's own counts, or that of CAM.
"""

import math
from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any, NamedTuple

from mmengine.config import Config

from mmspg.utils.warn import warn

from .choices import (
    METRIC_KEYS,
    check_choice,
    check_threshold,
    checked_choice,
    describe,
    localization_metrics,
    read_choice,
    settings_of,
    sweep_command,
    threshold_file,
    usable_choice,
)
from .functional import get_rule
from .functional.steps import Step

BOX_KEYS = ('valley', 'confidence')  # what a choice may say of boxes
BOX_STEP = 'box_step'  # among the figures of a validation
DEFAULT_THRESHOLD = 0.2  # of CAM


class Protocol(NamedTuple):
    """From score map to box, as `locate` takes it, and who said so.

    ``source`` says in words where the threshold came from. 'default' means
    that nobody has chosen one for these weights. ``valley`` says where one
    class has several objects, see `objects_of`; None: each has one box.
    ``confidence`` is what `fit_confidence` gave; None: nobody fitted it.
    ``score_map_steps`` are those of `mmspg.evaluation.functional.steps`.
    """

    threshold: float
    rule: str = 'largest_area'
    align_corners: bool = False
    source: str = 'given'
    valley: float | None = None
    confidence: dict | None = None
    score_map_steps: Sequence[Step] = ()

    @property
    def reading(self) -> dict[str, Any]:
        """The arguments of `locate` other than the threshold."""
        return {key: getattr(self, key) for key in METRIC_KEYS}


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
    threshold, source, choice = _of_the_config(options, settings)
    stored, refused = None, []
    if checkpoint and choice is None:
        stored, refused = usable_choice(
            settings, checkpoint, content, cfg.filename
        )
    if stored and threshold in (None, stored['threshold']):
        choice = stored
    if threshold is None:
        for reason in refused:
            warn(reason)
        threshold = choice['threshold'] if choice else default
        own = get_rule(settings['rule']).thresholds is not None
        source = "the rule's own" if own else 'default'
        source = describe(choice) if choice else source
    return protocol_with(settings, threshold, source, **box_step_of(choice))


def protocol_with(
    settings: dict, threshold: float, source: str = 'given', **more
) -> Protocol:
    """A protocol of the settings of `settings_of`, and what else it has.

    Raises:
        ValueError: The threshold is no finite number of at least 0.
    """
    check_threshold(threshold)
    reading = {key: settings[key] for key in METRIC_KEYS}
    return Protocol(float(threshold), source=source, **reading, **more)


def box_step_of(choice: dict | None) -> dict[str, Any]:
    """What a choice says of boxes beside the threshold, for a `Protocol`."""
    return {key: (choice or {}).get(key) for key in BOX_KEYS}


def _of_the_config(options, settings) -> tuple[float | None, str, dict | None]:
    """Threshold and choice that a metric fixes, and where it came from."""
    threshold = options.get('threshold')
    if isinstance(threshold, str) and threshold.endswith('.json'):
        threshold = read_choice(threshold)
    if isinstance(threshold, dict):
        checked = checked_choice(threshold)
        check_choice(checked, settings)
        return checked['threshold'], describe(threshold), checked
    if isinstance(threshold, Real):
        return float(threshold), 'fixed', None
    grid = options.get('thresholds')
    if isinstance(grid, (list, tuple)) and len(grid) == 1:
        return float(grid[0]), 'fixed', None
    return None, '', None


def default_threshold(rule: str) -> float:
    """The rule's own threshold, or that of CAM."""
    own = get_rule(rule).thresholds
    return DEFAULT_THRESHOLD if own is None else float(own[0])


def use_stored_choice(
    cfg: Config, checkpoint: str, content: dict | None = None
) -> None:
    """Let the test of a checkpoint use the threshold chosen for it.

    It goes to every LocalizationMetric of ``test_evaluator`` that has no
    ``threshold`` of its own, or has 'checkpoint'.

    Args:
        cfg (Config): Changed in place.
        checkpoint (str): Path or address of the checkpoint.
        content (dict, optional): What it holds, if it has been read.

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
        settings_of(cfg), checkpoint, content, cfg.filename
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
        choice.update(figures.get(BOX_STEP, {}))
        for key in ('threshold_tight', 'threshold_loose'):
            if f'{prefix}/{key}' in figures:
                choice[key] = float(figures[f'{prefix}/{key}'])
        return choice
    return None


def named_split(dataset) -> str:
    """Class, split and number of images of a data set, in words."""
    where = f'{type(dataset).__name__} {getattr(dataset, "split", "")}'
    return f'{where.strip()}, {len(dataset)} images'
