"""The WSOL benchmark's PxAP, pixel average precision."""

from collections import Counter

import numpy as np
from mmengine.logging import print_log

from mmspg.registry import METRICS

from ..functional import (
    checked_steps,
    is_flat,
    pxap,
    pxap_histograms,
    rule_in_words,
)
from ..samples import class_map, sample_index, sample_name, true_label
from ..wsol.grid import on_wsol_grid, wsol_thresholds
from ..wsol.masks import read_mask
from .record_metric import RecordMetric, warn_empty, warn_flat

# A sampler repeats samples at the end of a share, to make shares equal.
RETAINED = 16


@METRICS.register_module()
class PxAP(RecordMetric):
    """Area under precision and recall over all pixels of the data set.

    Every process sums histograms of the scores of true and of false pixels,
    so memory does not grow with the data set. Samples that the sampler
    repeats at the end of a process's share are removed before the sums are
    merged. See `mmspg.evaluation.functional.pxap`.

    The figures have the prefix ``wsol``: ``pxap`` in percent, and
    ``pxap_protocol``.

    Args:
        interval (float): Distance of the thresholds. Defaults to .001.
        score_map_steps (Sequence): See `LocalizationMetric`. Defaults to
            none, as in the benchmark.
        **kwargs: ``collect_device``, ``prefix``, ``collect_dir``.
    """

    default_prefix = 'wsol'

    def __init__(self, interval=0.001, score_map_steps=(), **kwargs):
        super().__init__(**kwargs)
        self.interval = interval
        self.score_map_steps = checked_steps(score_map_steps, with_image=False)
        self.thresholds = wsol_thresholds(interval)
        self._reset()

    def _reset(self):
        self._seen = set()
        self._retained = []  # the latest (index, histograms)
        self._sum = 0
        self._flat = 0
        self._empty = 0

    def record(self, sample):
        """Add an image to the histograms, but only once.

        Returns:
            None: Only the index is kept.

        Raises:
            ValueError: The sample has no mask.
        """
        index = sample_index(sample)
        if index in self._seen:
            return
        paths = sample.get('gt_mask_paths')
        if not paths:
            raise ValueError(
                f'{sample_name(sample)}: no mask (gt_mask_paths). PxAP needs '
                'a data set with masks, MaxBoxAcc one with boxes'
            )
        raw = class_map(sample, true_label(sample))
        histograms = pxap_histograms(
            on_wsol_grid(raw, sample, self.score_map_steps),
            read_mask(paths, sample.get('gt_ignore_path')),
            self.thresholds,
        )
        self._seen.add(index)
        self._flat += is_flat(raw)
        self._empty += not histograms[0].any()
        self._retained.append((index, histograms))
        if len(self._retained) > RETAINED:
            self._sum = self._sum + self._retained.pop(0)[1]

    def share(self):
        """Give the indices, the sum, and the latest histograms separately."""
        odd = self._flat, self._empty
        share = self._seen, self._sum, self._retained, odd
        self._reset()
        return share

    def merge(self, shares):
        """Sum the shares, with every image once.

        Raises:
            ValueError: The sampler has repeated an image that is not at the
                end of a share.
        """
        surplus = Counter(index for seen, *_ in shares for index in seen)
        surplus = Counter({i: n - 1 for i, n in surplus.items() if n > 1})
        number = len(set().union(*(seen for seen, *_ in shares)))
        total = sum(added for _, added, _, _ in shares)
        for _, _, retained, _ in shares:
            for index, histograms in retained:
                if surplus[index]:
                    surplus[index] -= 1
                else:
                    total = total + histograms
        if +surplus:
            raise ValueError(
                f'PxAP: the sampler gave {sum(surplus.values())} images to '
                'several processes, and not at the end of their shares. Use '
                "sampler=dict(type='DefaultSampler', shuffle=False)"
            )
        odd = np.sum([odd for *_, odd in shares], axis=0)
        return (total, number, *odd), number

    def compute_metrics(self, results):
        """Compute the area under the pooled histograms.

        Args:
            results (tuple): The summed histograms ``(2, T + 2)``, the number
                of images, of flat maps and of images with empty masks.

        Raises:
            ValueError: No image has a true pixel.
        """
        histograms, number, flat, empty = results
        if not histograms[0].sum():
            raise ValueError(
                'PxAP: no mask has a true pixel. Masks must be white on black'
            )
        protocol = (
            f'resolution 224 x 224, thresholds {self.interval:g} apart, '
            + rule_in_words('all pixels pooled', self.score_map_steps)
        )
        figures = dict(pxap=pxap(histograms), pxap_protocol=protocol)
        print_log(
            f'pxap {figures["pxap"]:.2f} of {number} images: {protocol}',
            logger='current',
        )
        warn_flat(self, flat, number)
        warn_empty(self, empty, number)
        return figures
