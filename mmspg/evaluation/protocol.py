"""Choose threshold and rule of the boxes, and say where they come from.

A threshold is fixed by the config, or was chosen before and stored with the
weights (see `mmspg.evaluation.choices`), or is the oracle's, the best one on
the images that are tested. Without any of these the threshold of the rule
counts, or else that of CAM.
"""

import math
from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any, NamedTuple

from mmengine.config import Config

from mmspg.utils.cfg import walk_dicts
from mmspg.utils.checkpoint import state_dict_of
from mmspg.utils.warn import warn

from .choice_values import check_threshold, checked_choice
from .choices import (
    METRIC_KEYS,
    WITH_THRESHOLD,
    check_choice,
    describe,
    localization_metrics,
    read_choice,
    reading_of,
    settings_of,
    sweep_command,
    threshold_file,
    usable_choice,
    weights_digest,
)
from .functional import get_rule
from .functional.steps import Step

BOX_KEYS = ('valley', 'confidence')  # what a choice may say about boxes
BOX_STEP = 'box_step'  # a key of the figures of a validation
DEFAULT_THRESHOLD = 0.2  # CAM's threshold
# Maps of SPG's branches are probabilities, not class maps: docs/evidence.md
# finds their best thresholds between .4 and .75.
PROBABILITIES, UNDECIDED = ('b1', 'b2', 'c', 'fuse'), 0.5


class Protocol(NamedTuple):
    """How `locate` turns score maps into boxes.

    ``source`` says in words where the threshold came from. 'default' means
    that nobody has chosen one for these weights. ``valley`` tells when a
    class has several objects, see `objects_of`; None gives each class one
    box. ``confidence`` is the result of `fit_confidence`, or None.
    ``score_map_steps`` are steps of `mmspg.evaluation.functional.steps`.
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
        """Give the arguments of `locate` other than the threshold."""
        return {key: getattr(self, key) for key in METRIC_KEYS}


def protocol_of(
    cfg: Config,
    checkpoint: str | None = None,
    content: dict | None = None,
    rule: str | None = None,
) -> Protocol:
    """Find threshold and rule for the boxes of a model.

    The first of these thresholds counts: the one that the config's metric
    fixes; the one that is stored with the checkpoint for this use; the
    threshold of the rule; .5 for a map of SPG's branches; CAM's, .2.

    Args:
        cfg (Config): It may have ``test_evaluator`` or ``val_evaluator``.
        checkpoint (str, optional): Path or address of the weights.
        content (dict, optional): Its content, if it has been read.
        rule (str, optional): The rule. None: the rule of the metric.

    Returns:
        Protocol: What `locate` needs.

    Raises:
        ValueError: The rule is unknown, or a stored threshold is broken.
    """
    evaluator = cfg.get('test_evaluator') or cfg.get('val_evaluator')
    options = (localization_metrics(evaluator) or [{}])[0]
    settings = settings_of(cfg)
    if rule is not None and rule != settings['rule']:
        options, settings = {}, dict(settings, rule=rule)
    default = default_threshold(settings['rule'], settings['map_source'])
    threshold, source, choice = _of_the_config(options, settings, content)
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
    """Make a protocol from the settings of `settings_of` and a threshold.

    Raises:
        ValueError: No map can be cut at this threshold.
    """
    check_threshold(threshold, rule=settings['rule'])
    reading = {key: settings[key] for key in METRIC_KEYS}
    return Protocol(float(threshold), source=source, **reading, **more)


def box_step_of(choice: dict | None) -> dict[str, Any]:
    """Give what a choice says about boxes, for a `Protocol`."""
    return {key: (choice or {}).get(key) for key in BOX_KEYS}


def _of_the_config(
    options: dict, settings: dict, content: dict | None
) -> tuple[float | None, str, dict | None]:
    """Give the threshold and choice that a metric fixes, and their source.

    Raises:
        ValueError: A file's choice was made for another use.
    """
    threshold = options.get('threshold')
    if isinstance(threshold, str) and threshold.endswith('.json'):
        threshold = read_choice(threshold)
    if isinstance(threshold, dict):
        checked = checked_choice(threshold)
        if content is not None and 'weights' in checked:
            digest = weights_digest(state_dict_of(content))
            settings = dict(settings, weights=digest)
        check_choice(checked, settings)
        return checked['threshold'], describe(threshold), checked
    if isinstance(threshold, Real):
        return float(threshold), 'fixed', None
    grid = options.get('thresholds')
    if isinstance(grid, (list, tuple)) and len(grid) == 1:
        return float(grid[0]), 'fixed', None
    return None, '', None


def choice_of_the_config(
    cfg: Config, settings: dict, content: dict | None
) -> dict | None:
    """Give the choice that a config's metric names, or None.

    Raises:
        ValueError: It was made for another use.
    """
    evaluator = cfg.get('test_evaluator') or cfg.get('val_evaluator')
    options = (localization_metrics(evaluator) or [{}])[0]
    return _of_the_config(options, settings, content)[2]


def default_threshold(rule: str, map_source: str) -> float:
    """Give the threshold of the rule, of a probability, or CAM's.

    Args:
        rule (str): Name of the box rule.
        map_source (str): The map that localizes, see `settings_of`.

    Returns:
        float: The first of the rule's own thresholds; else .5 for a map of
        SPG's branches, and .2 for every other.
    """
    own = get_rule(rule).thresholds
    if own is not None:
        return float(own[0])
    return UNDECIDED if map_source in PROBABILITIES else DEFAULT_THRESHOLD


def use_stored_choice(
    cfg: Config, checkpoint: str, content: dict | None = None
) -> None:
    """Let the test of a checkpoint use the threshold chosen for it.

    Every metric of ``test_evaluator`` gets it that has the threshold
    'checkpoint', and every LocalizationMetric that fixes none, if it was
    chosen for this use. So must be a choice in a file that a metric names.

    Args:
        cfg (Config): Changed in place.
        checkpoint (str): Path or address of the checkpoint.
        content (dict, optional): Its content, if it has been read.

    Raises:
        ValueError: A metric has 'checkpoint', and no threshold is stored, or
            only one that was chosen for another use. Or a file's was.
    """
    texts = []
    for metric in walk_dicts(cfg.get('test_evaluator')):
        kind, named = str(metric.get('type')), metric.get('threshold')
        if named != 'checkpoint' and not kind.endswith(WITH_THRESHOLD):
            continue
        settings = settings_of(cfg) | reading_of(metric)
        fixed, *_ = _of_the_config(metric, settings, content)
        if named != 'checkpoint' and (named is not None or fixed is not None):
            continue
        choice, refused = usable_choice(
            settings, checkpoint, content, cfg.filename
        )
        reason = ' '.join(refused) or (
            f'neither {checkpoint} nor {threshold_file(checkpoint)} has a '
            'threshold. Choose one: '
            f'{sweep_command(checkpoint, cfg.filename)}'
        )
        by_rule = get_rule(settings['rule']).thresholds is not None
        if choice is not None:
            metric['threshold'] = choice
        elif 'threshold' in metric:
            raise ValueError(f"{kind}: threshold='checkpoint', but {reason}")
        elif by_rule and not metric.get('thresholds'):
            # It is fixed, and no oracle.
            texts += [
                f"{text} Until then the rule's own threshold counts."
                for text in refused
            ]
        else:
            texts.append(
                f'{reason}\nUntil then the oracle replaces it: the best '
                'threshold on the images that are tested. Its figures are '
                'too good.'
            )
    for text in dict.fromkeys(texts):
        warn(text)


def validated_choice(
    metrics: Iterable, figures: dict, dataset
) -> dict[str, Any] | None:
    """Give the choice that a validation has made.

    Args:
        metrics (Iterable[BaseMetric]): The metrics of the validation.
        figures (dict): The figures that it gave.
        dataset: Its data set.

    Returns:
        dict | None: A choice without its settings, or None if no box was
        evaluated.
    """
    for metric in metrics:
        prefix = getattr(metric, 'prefix', None)
        threshold = figures.get(f'{prefix}/threshold')
        kinds = {cls.__name__ for cls in type(metric).__mro__}
        if threshold is None or kinds.isdisjoint(WITH_THRESHOLD):
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
    """Name a data set by its class, split and number of images."""
    where = f'{type(dataset).__name__} {getattr(dataset, "split", "")}'
    return f'{where.strip()}, {len(dataset)} images'
