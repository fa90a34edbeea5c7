"""Which threshold and rule a trained model's boxes are drawn with."""

from typing import NamedTuple

from mmengine.config import Config

from mmspg.evaluation.functional import get_rule
from mmspg.evaluation.metrics import LocalizationMetric
from mmspg.evaluation.metrics.stored_threshold import use_stored_choice
from mmspg.utils.checkpoint import read_checkpoint

DEFAULT_THRESHOLD = 0.2
KEYS = ('thresholds', 'threshold', 'rule', 'align_corners')


class Protocol(NamedTuple):
    """From score map to box, as `locate` takes it, and who said so."""

    threshold: float
    rule: str = 'largest_area'
    align_corners: bool = False
    source: str = 'given'


def protocol_of(cfg: Config, checkpoint: str | None = None) -> Protocol:
    """Follow the metric that the config is tested by, as the hook does.

    The threshold is the one chosen for the checkpoint
    (``tools/analysis_tools/sweep_threshold.py``), or the metric's fixed one,
    or the one that the last validation before the checkpoint found best, or
    the rule's own, or that of CAM, .2.

    Args:
        cfg (Config): With ``test_evaluator`` or ``val_evaluator``, or
            neither.
        checkpoint (str, optional): Path or address of the weights.

    Returns:
        Protocol: What `locate` needs.
    """
    evaluator = cfg.get('test_evaluator') or cfg.get('val_evaluator')
    cfg = Config(dict(test_evaluator=evaluator))
    if checkpoint:
        use_stored_choice(cfg, checkpoint)
    metric = LocalizationMetric(**_options(cfg.test_evaluator))
    rule, choice = metric.rule, metric.choice
    if choice.index is not None:
        threshold, source = float(choice.grid[choice.index]), choice.source
    else:
        own = get_rule(rule).thresholds
        threshold = DEFAULT_THRESHOLD if own is None else float(own[0])
        source = 'default'
        if checkpoint:
            reported = _reported(checkpoint)
            if reported is not None:
                threshold, source = reported, 'last validation'
    return Protocol(threshold, rule, metric.align_corners, source)


def _options(evaluator) -> dict:
    """The settings of the first LocalizationMetric that there is."""
    if isinstance(evaluator, dict):
        evaluator = evaluator.get('metrics', evaluator)
    if isinstance(evaluator, dict):
        evaluator = [evaluator]
    for metric in evaluator or ():
        if str(metric.get('type')).endswith('LocalizationMetric'):
            return {key: metric[key] for key in KEYS if key in metric}
    return {}


def _reported(checkpoint) -> float | None:
    content = read_checkpoint(str(checkpoint))
    scalars = content.get('message_hub', {}).get('log_scalars', {})
    if 'val/loc/threshold' in scalars:
        return float(scalars['val/loc/threshold'].current())
    return None
