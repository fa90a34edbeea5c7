"""Write a choice of map, steps and views into a config."""

from collections.abc import Container

from .choices import attribution_name, localization_metrics
from .map_sources import attribution_options
from .paired_hits import Reading


def put_reading(
    cfg, model, best: Reading, attributions: Container[str] = ()
) -> None:
    """Write map and steps into a config.

    Args:
        cfg (Config): A config, changed in place.
        model (ImageClassifier): The model that was built from it.
        best (Reading): The map and its steps.
        attributions (Container[str]): Names of maps that are attributions,
            see `attribution_options`.
    """
    part = cfg.model
    own = part.get('attribution')
    if best.source in attributions:
        if not own or best.source != attribution_name(own):
            _attribute(part, model, attribution_options(best.source))
    else:
        if own:
            part.type = 'ImageClassifier'
            for key in ('attribution', 'smooth', 'score_map_topk'):
                part.pop(key, None)
        part.head.score_map_source = best.source
    if not localization_metrics(cfg.get('test_evaluator')):
        cfg.test_evaluator = dict(type='mmspg.LocalizationMetric')
    for name in ('val_evaluator', 'test_evaluator'):
        for metric in localization_metrics(cfg.get(name)):
            metric['score_map_steps'] = best.list_of_steps()
            metric.pop('threshold', None)  # it would override the chosen one


def _attribute(part, model, options):
    if str(part.type).endswith('FittedClassifier'):  # state what it fits
        part.head.in_channels = model.head.in_channels
        if part.get('neck'):
            part.neck.in_channels = model.backbone.out_channels
    part.type = 'mmspg.AttributionClassifier'
    part.attribution = options
    part.pop('smooth', None)


def put_views(cfg, views: dict | None) -> None:
    """Write ``score_map_views`` into a config, or remove them."""
    cfg.model.pop('score_map_views', None)
    if views:
        cfg.model.score_map_views = views
        if cfg.model.type == 'ImageClassifier':
            cfg.model.type = 'mmspg.ViewsClassifier'
