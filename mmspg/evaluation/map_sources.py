"""Compare how well the maps of a network, and a centred box, localize."""

import functools
from typing import NamedTuple

import numpy as np
import torch
from mmengine.dist import all_reduce

from .functional import box_iou, to_inclusive
from .samples import true_boxes

SHARES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)  # a centred box has of the sides


class MapFigure(NamedTuple):
    """The GT-known, in percent, of one map at its threshold."""

    gt_known: float
    threshold: float


class MapFigures(NamedTuple):
    """The GT-known of all maps of a network on the same images.

    ``sources`` has the figure of each map by its name. ``centred`` is the
    figure of the best centred box; its ``threshold`` is the box's share of
    the image's sides.
    """

    sources: dict[str, MapFigure]
    centred: MapFigure
    images: int

    def best(self, current: str) -> str:
        """Give the source with the best figure; of equals, the current one."""
        return max(
            self.sources,
            key=lambda name: (self.sources[name].gt_known, name == current),
        )

    def table(self, chosen: str) -> str:
        """Write a table in which the chosen map is marked."""
        lines = [
            f'GT-known on {self.images} validation images, each map at its '
            'best threshold',
            f'{"map":16}{"%":>6}  threshold',
        ]
        for name, (figure, threshold) in sorted(
            self.sources.items(), key=lambda item: -item[1].gt_known
        ):
            mark = '  <- chosen' if name == chosen else ''
            lines.append(f'{name:16}{figure:6.1f}  {threshold:.2f}{mark}')
        figure, share = self.centred
        lines.append(
            f'{"centred box":16}{figure:6.1f}  {share:.0%} of the sides'
        )
        if figure >= max(one.gt_known for one in self.sources.values()):
            lines.append(
                'No map is better than the centred box, so the network has '
                'learnt little about where the object is: add images, or '
                'train longer.'
            )
        return '\n'.join(lines)


@torch.no_grad()
def compare_map_sources(model, dataloader, metric) -> MapFigures:
    """Evaluate all maps of a network in one pass of it.

    Args:
        model (ImageClassifier): A model in evaluation mode, whose head has
            ``score_map_source`` and ``score_map_sources``. It is not changed.
        dataloader (DataLoader): Gives images with boxes.
        metric (LocalizationMetric): Gives rule, IoU and thresholds. Its
            records are not changed.

    Returns:
        MapFigures: Figures over the images of all processes.
    """
    head, before = model.head, model.head.score_map_source
    sources = available_sources(model)
    hits = np.zeros((len(sources), len(metric.thresholds)))
    centred, images = np.zeros(len(SHARES)), 0
    try:
        for batch in dataloader:
            batch = model.data_preprocessor(batch)
            feats = remember_branches(model.extract_feat(batch['inputs']))
            for i, head.score_map_source in enumerate(sources):
                samples = head.predict(
                    feats, [sample.clone() for sample in batch['data_samples']]
                )
                records = [metric.record(s.to_dict()) for s in samples]
                hits[i] += metric.layout.unpack(records)[:, 0].sum(0)
            for sample in samples:
                centred += _centred_hits(sample.to_dict(), metric)
            images += len(samples)
    finally:
        head.score_map_source = before
    counts = torch.from_numpy(np.append(hits, [*centred, images]))
    all_reduce(counts)
    *counts, images = counts.tolist()
    hits = np.reshape(counts[: hits.size], hits.shape)
    centred = np.array(counts[hits.size :])
    fixed = metric.choice.index

    def figure(right, places, at=None):
        at = int(np.argmax(right)) if at is None else at
        return MapFigure(100 * float(right[at]) / images, float(places[at]))

    return MapFigures(
        {
            name: figure(right, metric.thresholds, fixed)
            for name, right in zip(sources, hits, strict=True)
        },
        figure(centred, SHARES),
        int(images),
    )


def available_sources(model) -> list[str]:
    """List the maps that the head and the branches of a network give.

    Args:
        model (ImageClassifier): Any classifier.

    Returns:
        list[str]: Empty if its head gives only one map.
    """
    head, neck = model.head, getattr(model, 'neck', None)
    lacking = set() if getattr(neck, 'with_c', True) else {'c'}
    sources = [
        source
        for source in getattr(head, 'score_map_sources', ())
        if source not in lacking
    ]
    return [*sources, 'ddt'] if hasattr(head, 'ddt') else sources


def remember_branches(feats):
    """Let each branch of `SPGFeatures` be computed only once."""
    for name in ('b1', 'b2', 'c'):
        if hasattr(feats, name):
            setattr(feats, name, functools.cache(getattr(feats, name)))
    return feats


def centred_figure(samples, metric) -> tuple[float, float]:
    """GT-known in percent of the best centred box, and its share of a side.

    Args:
        samples (Sequence[dict]): With ``ori_shape`` and ``ori_gt_bboxes``.
        metric (LocalizationMetric): Gives IoU.
    """
    right = np.mean([_centred_hits(one, metric) for one in samples], axis=0)
    best = int(np.argmax(right))
    return 100 * float(right[best]), SHARES[best]


def _centred_hits(sample, metric):
    """Tell which centred boxes are right, ``(len(SHARES),)`` bool."""
    height, width = sample['ori_shape']
    centre, half = (
        np.array([width, height] * 2) / 2,
        np.array([-width, -height, width, height]) / 2,
    )
    boxes = to_inclusive(centre + np.outer(SHARES, half))
    ious = box_iou(boxes, to_inclusive(true_boxes(sample))).max(axis=1)
    limit = metric.iou_thrs[0]
    return ious > limit if metric.strict else ious >= limit
