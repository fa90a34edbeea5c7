"""Make the figures, curves and table of `LocalizationMetric`."""

from typing import NamedTuple

import numpy as np

from mmspg.datasets.annotations.class_lists import unique_names

from ..functional.error_kinds import MORE, PART, SEVERAL, WRONG
from .threshold_choice import ThresholdChoice
from .top5_star import star_right

LOCALIZATION = ('gt_known', 'top1', 'top5')
CLASSIFICATION = ('cls_top1', 'cls_top5')
KINDS = dict(several=SEVERAL, part=PART, more=MORE, box=WRONG)

ROWS = (
    ('GT-known', 'gt_known'),
    ('Top-1', 'top1'),
    ('Top-5', 'top5'),
    ('Top-5*', 'top5_star'),
    ('class Top-1', 'cls_top1'),
    ('class Top-5', 'cls_top5'),
)
ERRORS = (
    ('wrong class', 'error_class'),
    ('several objects', 'error_several'),
    ('part of the object', 'error_part'),
    ('more than the object', 'error_more'),
    ('wrong box', 'error_box'),
)


class LocalizationReport(NamedTuple):
    """The report of the counts of all images.

    ``counts`` come from `localization_counts.count`. ``number`` is the number
    of images, at least 1. ``choice`` is a decided `ThresholdChoice`. The
    figures at the first of ``iou_thrs`` have names without suffix.
    """

    counts: dict
    number: int
    choice: ThresholdChoice
    iou_thrs: tuple
    rule: str
    strict: bool
    regressed: bool = False  # a box without rule and threshold

    def figures(self):
        """Give figures at the chosen threshold, and the optimum of each.

        Returns:
            dict[str, float]: Figures in percent. The first is
            ``gt_known_acc``, which ``save_best='auto'`` takes.
        """
        counts, choice = self.counts, self.choice
        star, figures = star_right(counts, choice), {}
        for d, suffix in enumerate(self._suffixes()):
            accs = {
                f'{name}_acc{suffix}': counts[name][d][choice.index]
                for name in LOCALIZATION
            }
            figures.update(self._percent(accs) | self._errors(accs))
        figures['threshold'] = float(choice.grid[choice.index])
        accs = {f'{name}_acc': counts[name] for name in CLASSIFICATION}
        if 'star_pair' in counts:
            figures['threshold_tight'] = float(choice.grid[choice.tight])
            figures['threshold_loose'] = float(choice.grid[choice.loose])
        if star:
            accs['top5_star_acc'] = star[0]
        figures.update(self._percent(accs) | self._errors(accs))
        if 'kinds' in counts:
            kinds = {
                f'error_{name}': counts['kinds'][kind][choice.index]
                for name, kind in KINDS.items()
            }
            kinds['error_class'] = self.number - counts['cls_top1']
            figures.update(self._percent(kinds))
        for d, suffix in enumerate(self._suffixes()):
            for name in LOCALIZATION:
                best = int(np.argmax(counts[name][d]))
                key, right = f'oracle_{name}', counts[name][d][best]
                figures.update(self._percent({f'{key}_acc{suffix}': right}))
                figures[f'{key}_threshold{suffix}'] = float(choice.grid[best])
        if star:
            figures.update(self._percent(dict(oracle_top5_star_acc=star[1])))
        return figures

    def curves(self):
        """Give the accuracy at every threshold, as lists for JSON."""
        found = dict(thresholds=self.choice.grid.tolist())
        for d, suffix in enumerate(self._suffixes()):
            for name in LOCALIZATION:
                curve = 100 * self.counts[name][d] / self.number
                found[f'{name}_acc{suffix}'] = curve.tolist()
        return found

    def protocol(self):
        """Say rule, resolution, IoU and thresholds in words."""
        choice = self.choice
        line = (
            f'{"regressed box" if self.regressed else f"rule {self.rule}"}, '
            'original resolution, inclusive pixels, IoU '
            f'{">" if self.strict else ">="} {self.iou_thrs[0]:g}'
        )
        if self.regressed:
            return line
        line += f', threshold {choice.grid[choice.index]:g} ({choice.source})'
        if choice.tight is not None:
            line += (
                f', Top-5* at {choice.grid[choice.tight]:g} and '
                f'{choice.grid[choice.loose]:g} ({choice.star_source})'
            )
        return line

    def _suffixes(self):
        return [
            f'_iou{100 * iou:g}' if d else ''
            for d, iou in enumerate(self.iou_thrs)
        ]

    def _percent(self, counts):
        return {k: 100 * float(v) / self.number for k, v in counts.items()}

    def _errors(self, counts):
        wrong = {k: self.number - v for k, v in counts.items()}
        return {
            k.replace('_acc', '_err'): v
            for k, v in self._percent(wrong).items()
        }


def per_class(hits, rank, label, names=None):
    """Compute the figures of each class.

    Args:
        hits (array): ``(n,)`` bool, true if an image's box is right.
        rank (array): ``(n,)`` rank of the true class; 0 is the first.
        label (array): ``(n,)`` the true class.
        names (Sequence[str], optional): Names of the classes. None: numbers.

    Returns:
        dict[str, dict]: ``images`` and figures in percent, by class.
    """
    classes, index = np.unique(label, return_inverse=True)
    images = np.bincount(index)
    rows = dict(
        gt_known_acc=hits,
        top1_acc=hits & (rank < 1),
        top5_acc=hits & (rank < 5),
        cls_top1_acc=rank < 1,
        cls_top5_acc=rank < 5,
    )
    rows = {k: 100 * (np.bincount(index, v) / images) for k, v in rows.items()}
    names = unique_names(names) if names else None
    return {
        str(names[c] if names else c): dict(
            images=int(images[i]), **{k: float(v[i]) for k, v in rows.items()}
        )
        for i, c in enumerate(classes)
    }


def table(figures, protocol, number):
    """Lay the figures out as text.

    Args:
        figures (dict): What `LocalizationMetric.compute_metrics` gives.
        protocol (str): Rule, resolution, IoU and threshold in words.
        number (int): Number of images.

    Returns:
        str: The lines of the table.
    """
    lines = [
        f'Localization of {number} images: {protocol}',
        f'{"":22}{"acc %":>8}{"err %":>8}   own optimum (oracle)',
    ]
    for name, key in ROWS:
        if f'{key}_acc' not in figures:
            continue
        line = (
            f'{name:22}{figures[f"{key}_acc"]:8.2f}'
            f'{figures[f"{key}_err"]:8.2f}'
        )
        if f'oracle_{key}_acc' in figures:
            line += f'   {figures[f"oracle_{key}_acc"]:.2f}'
        if f'oracle_{key}_threshold' in figures:
            line += f' at {figures[f"oracle_{key}_threshold"]:g}'
        lines.append(line)
    if 'error_class' in figures:
        lines.append('Top-1 errors by kind, % of the images')
        lines += [f'  {name:20}{figures[key]:8.2f}' for name, key in ERRORS]
    return '\n'.join(lines)
