"""List the maps that a network can localize with."""

import functools
from collections.abc import Callable, Iterable
from functools import partial

from mmspg.models.attributions import build_attribution

from .choices import attribution_name

# Classifiers whose configs can become one another's.
PLAIN = (
    *('ImageClassifier', 'ViewsClassifier', 'FittedClassifier'),
    'AttributionClassifier',
)


def available_sources(model) -> list[str]:
    """List the maps that the head and the branches of a network give.

    Args:
        model (ImageClassifier): Any classifier.

    Returns:
        list[str]: Empty if its head gives only one map, or boxes.
    """
    head, neck = model.head, getattr(model, 'neck', None)
    if hasattr(head, 'boxes'):  # they come from no map
        return []
    lacking = set() if getattr(neck, 'with_c', True) else {'c'}
    sources = [
        source
        for source in getattr(head, 'score_map_sources', ())
        if source not in lacking
    ]
    return [*sources, 'ddt'] if getattr(head, 'has_ddt', False) else sources


def remember_branches(feats):
    """Let each branch of `SPGFeatures` be computed only once."""
    for name in ('b1', 'b2', 'c'):
        if hasattr(feats, name):
            setattr(feats, name, functools.cache(getattr(feats, name)))
    return feats


def attribution_options(name: str) -> dict:
    """Read the name of an attribution: 'layercam:backbone.layers.2'."""
    method, _, layer = name.partition(':')
    return dict(name=method, layer=layer) if layer else dict(name=method)


def attribution_maps(model, names: Iterable[str]) -> dict[str, Callable]:
    """Give functions ``(images, labels) -> maps`` by their names.

    Args:
        model (ImageClassifier): The network whose scores are attributed. If
            it is an `AttributionClassifier`, its own attribution comes first.
        names (Iterable[str]): Such as 'layercam:backbone.layers.2': one of
            `mmspg.models.attributions.ATTRIBUTIONS`, and a layer.

    Raises:
        ValueError: There is no such attribution or layer, or the model is no
            plain classifier.
    """
    found = {}
    if hasattr(model, 'attribution'):
        found[attribution_name(model.attribution_options)] = model.attribute
    for name in names:
        if type(model).__name__ not in PLAIN:
            raise ValueError(
                f'a {type(model).__name__} cannot have the map {name}, only '
                f'{", ".join(PLAIN)} can'
            )
        function = build_attribution(model, attribution_options(name))
        found.setdefault(name, partial(function, model))
    return found
