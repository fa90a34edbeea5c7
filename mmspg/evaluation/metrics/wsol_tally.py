"""The benchmark's figures from score maps on disk."""

from functools import partial

import cv2
import numpy as np

from ..functional import (
    best_iou_at_thresholds,
    hits_at_thresholds,
    pxap,
    pxap_histograms,
)
from ..wsol.grid import wsol_thresholds
from ..wsol.masks import read_mask
from ..wsol.score_map_files import read_on_grid


def evaluate_image(truth, folder, thresholds, iou_thrs, rule):
    """Evaluate one image; runs in a worker.

    Args:
        truth (Truth): Its boxes or masks.
        folder (str): The root of the maps.
        thresholds (array): ``(T,)``.
        iou_thrs (Sequence[float]): D of them.
        rule (str): Map to boxes.

    Returns:
        tuple: Hits ``(D, T)`` or histograms ``(2, T + 2)``, and None; or
        None, and what is wrong with the image.
    """
    cv2.setNumThreads(1)
    try:
        score_map = read_on_grid(folder, truth.image)
        if truth.boxes is None:
            mask = read_mask(truth.masks, truth.ignore)
            return pxap_histograms(score_map, mask, thresholds), None
        ious = best_iou_at_thresholds(score_map, thresholds, truth.boxes, rule)
        return hits_at_thresholds(ious, iou_thrs), None
    except (ValueError, OSError) as error:
        return None, f'image {truth.image}: {error}'


class Tally:
    """Adds up what `evaluate_image` gives.

    Args:
        args (Namespace): The options of ``eval_score_maps.py``.
        masks (bool): Whether the split has masks, not boxes.
    """

    def __init__(self, args, masks):
        self.args = args
        self.masks = masks
        self.rule = (
            'all_contours' if args.multi_contour_eval else 'largest_contour'
        )
        self.percents = list(dict.fromkeys(args.iou_threshold_list))
        self.thresholds = wsol_thresholds(args.cam_curve_interval)
        self.total = 0
        self.number = 0
        self.errors = []

    def worker(self, folder):
        """Give the function that evaluates one image; it can be sent."""
        return partial(
            evaluate_image,
            folder=folder,
            thresholds=self.thresholds,
            iou_thrs=[percent / 100 for percent in self.percents],
            rule=self.rule,
        )

    def add(self, counts, error):
        """Add one image, or note what is wrong with it."""
        if error:
            self.errors.append(error)
            return
        self.total = self.total + counts.astype(np.int64)
        self.number += 1

    def report(self, number):
        """Give the figures and settings, for JSON.

        Args:
            number (int): Images of the split.
        """
        args = self.args
        report = dict(
            dataset_name=args.dataset_name,
            split=args.split,
            images=number,
            evaluated=self.number,
            complete=self.number == number,
        )
        if self.number:
            report.update(self._pxap() if self.masks else self._boxes())
        report['settings'] = dict(
            rule=None if self.masks else self.rule,
            resolution=[224, 224],
            cam_curve_interval=args.cam_curve_interval,
            multi_contour_eval=args.multi_contour_eval,
            multi_iou_eval=args.multi_iou_eval,
            iou_threshold_list=args.iou_threshold_list,
            threshold_source='oracle: best on these images',
            scoremap_root=str(args.scoremap_root),
        )
        report['errors'] = sorted(self.errors)
        return report

    def _boxes(self):
        accs = self.total / self.number * 100
        best = {
            str(p): float(a.max())
            for p, a in zip(self.percents, accs, strict=True)
        }
        report = dict(
            max_box_acc=best,
            thresholds={
                str(p): float(self.thresholds[a.argmax()])
                for p, a in zip(self.percents, accs, strict=True)
            },
        )
        if self.args.multi_iou_eval:
            report['performance'] = float(np.mean(list(best.values())))
            if self.args.multi_contour_eval:
                report['max_box_acc_v2'] = report['performance']
        else:
            report['performance'] = best.get('50')
        return report

    def _pxap(self):
        figure = pxap(self.total)
        if not np.isfinite(figure):
            self.errors.append('no mask has a true pixel: there is no PxAP')
            figure = None
        return dict(pxap=figure, performance=figure)

    def text(self, report):
        """Lay the report out in lines."""
        where = f'{report["dataset_name"]} {report["split"]}'
        lines = [
            f'{where}: {self.number} of {report["images"]} images, '
            f'thresholds {self.args.cam_curve_interval:g} apart, 224 x 224'
        ]
        if report.get('pxap') is not None:
            lines.append(f'PxAP {report["pxap"]:.4f}')
        for percent, acc in report.get('max_box_acc', {}).items():
            lines.append(
                f'MaxBoxAcc at IoU {percent} %: {acc:.4f} ({self.rule}, '
                f'oracle threshold {report["thresholds"][percent]:g})'
            )
        if 'max_box_acc_v2' in report:
            lines.append(f'MaxBoxAccV2: {report["max_box_acc_v2"]:.4f}')
        if not report['complete']:
            lines.append(
                f'INCOMPLETE: {len(self.errors)} errors, the figures are of '
                'the images that could be evaluated'
            )
        return '\n'.join(lines)
