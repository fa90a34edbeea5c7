"""MaxBoxAcc and MaxBoxAccV2 (Choe et al., CVPR 2020) without a framework."""

from typing import NamedTuple

import numpy as np

from ..functional import best_iou_at_thresholds, hits_at_thresholds


class BoxAccuracy(NamedTuple):
    """What is counted, and how the counts become a figure.

    ``thresholds`` is ``(T,)``, and ``iou_thrs`` has D values. ``multi_iou``
    takes the mean over the IoU thresholds instead of the figure at .5.
    ``multi_contour`` takes the best box of all contours instead of the
    largest one's.
    """

    thresholds: np.ndarray
    iou_thrs: tuple = (0.3, 0.5, 0.7)
    multi_iou: bool = False
    multi_contour: bool = False

    @property
    def rule(self):
        """Give the name of a rule of `mmspg.evaluation.functional.RULES`."""
        return 'all_contours' if self.multi_contour else 'largest_contour'

    def hits(self, score_map, boxes):
        """Tell at which thresholds an image is right, ``(D, T)`` bool.

        Args:
            score_map (array): ``(224, 224)`` in [0, 1].
            boxes (array): ``(n, 4)`` true boxes on that grid, inclusive.
        """
        ious = best_iou_at_thresholds(
            score_map, self.thresholds, boxes, self.rule
        )
        return hits_at_thresholds(ious, self.iou_thrs)

    def best(self, right, number):
        """Give the optimum over the thresholds at each IoU threshold.

        Args:
            right (array): ``(D, T)`` number of right images.
            number (int): Number of all images.

        Returns:
            tuple[list[float]]: D figures in percent, and the lowest threshold
            that gives each.
        """
        at = np.argmax(right, axis=1)
        accs = np.max(right, axis=1) * 100 / number  # in this order, as there
        return accs.tolist(), self.thresholds[at].tolist()

    def summary(self, accs):
        """Give one figure from D; None if no IoU threshold is .5."""
        if self.multi_iou:
            return float(np.mean(accs))
        at = [i for i, iou in enumerate(self.iou_thrs) if iou == 0.5]
        return float(accs[at[0]]) if at else None
