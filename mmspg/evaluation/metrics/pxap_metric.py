"""PxAP of the WSOL benchmark: pixel average precision."""

from collections import Counter

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
from .record_metric import RecordMetric, warn_flat

# A sampler that evens out the shares repeats at the end of a share.
RETAINED = 16


@METRICS.register_module()
class PxAP(RecordMetric):
    """Area under precision and recall over all pixels of the data set.

    Histograms of the scores of true and of false pixels are summed in every
    process, so that memory does not grow with the data set. Samples that the
    sampler repeats at the end of a process's share are taken out again
    before the sums are merged. See `mmspg.evaluation.functional.pxap`.

    Figures under the prefix ``wsol``: ``pxap`` in percent, and
    ``pxap_protocol``.

    Args:
        interval (float): Distance of the thresholds. Defaults to .001.
        score_map_steps (Sequence): See `LocalizationMetric`. Defaults to
            none, the benchmark's.
        **kwargs: ``collect_device``, ``prefix``, ``collect_dir``.
    """

    default_prefix = 'wsol'

    def __init__(self, interval=0.001, score_map_steps=(), **kwargs):
        super().__init__(**kwargs)
        self.interval = interval
        self.score_map_steps = checked_steps(score_map_steps)
        self.thresholds = wsol_thresholds(interval)
        self._reset()

    def _reset(self):
        self._seen = set()
        self._retained = []  # the latest (index, histograms)
        self._sum = 0
        self._flat = 0

    def record(self, sample):
        """Add an image to the histograms; a repeated one once.

        Returns:
            None: All that is kept is the index.

        Raises:
            ValueError: The sample has no mask.
        """
        index = sample_index(sample)
        if index in self._seen:
            return
        paths = sample.get('gt_mask_paths')
        if not paths:
            raise ValueError(
                f'{sample_name(sample)}: no mask (gt_mask_paths); PxAP needs '
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
        self._retained.append((index, histograms))
        if len(self._retained) > RETAINED:
            self._sum = self._sum + self._retained.pop(0)[1]

    def share(self):
        """Hand over indices, the sum, and the latest histograms apart."""
        share = self._seen, self._sum, self._retained, self._flat
        self._reset()
        return share

    def merge(self, shares):
        """Sum the shares, every image once.

        Raises:
            ValueError: A sampler repeated an image elsewhere than at the end
                of a share.
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
                'several processes, and not at the end of their shares; use '
                "sampler=dict(type='DefaultSampler', shuffle=False)"
            )
        flat = sum(flat for *_, flat in shares)
        return (total, number, flat), number

    def compute_metrics(self, results):
        """The area under the pooled histograms.

        Args:
            results (tuple): The summed histograms ``(2, T + 2)``, the number
                of images and that of flat maps.

        Raises:
            ValueError: No image has a true pixel.
        """
        histograms, number, flat = results
        if not histograms[0].sum():
            raise ValueError(
                'PxAP: no mask has a true pixel; are these masks, white on '
                'black?'
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
        return figures
