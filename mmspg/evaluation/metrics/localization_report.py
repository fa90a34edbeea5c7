"""What `LocalizationMetric` reports: figures, curves and a table."""

import numpy as np

from ..functional.error_kinds import MORE, PART, SEVERAL, WRONG

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


def figures_of(counts, number, choice, iou_thrs):
    """Percent at the chosen threshold, and each figure's own optimum.

    Args:
        counts (dict): Of `localization_counts.count`.
        number (int): Images, at least 1.
        choice (ThresholdChoice): Decided.
        iou_thrs (Sequence[float]): The first has the names without suffix.

    Returns:
        dict[str, float]: The first is ``gt_known_acc``: ``save_best='auto'``
        takes the first.
    """
    figures = {}
    for d, suffix in enumerate(_suffixes(iou_thrs)):
        accs = {
            f'{name}_acc{suffix}': counts[name][d][choice.index]
            for name in LOCALIZATION
        }
        figures.update(_percent(accs, number))
        figures.update(_errors(accs, number))
    figures['threshold'] = float(choice.grid[choice.index])
    accs = {f'{name}_acc': counts[name] for name in CLASSIFICATION}
    if 'star_pair' in counts:
        accs['top5_star_acc'] = counts['star_pair'][choice.tight, choice.loose]
        figures['threshold_tight'] = float(choice.grid[choice.tight])
        figures['threshold_loose'] = float(choice.grid[choice.loose])
    elif 'star_second' in counts:
        accs['top5_star_acc'] = counts['star_second'][choice.index]
    figures.update(_percent(accs, number))
    figures.update(_errors(accs, number))
    if 'kinds' in counts:
        kinds = {
            f'error_{name}': counts['kinds'][kind][choice.index]
            for name, kind in KINDS.items()
        }
        kinds['error_class'] = number - counts['cls_top1']
        figures.update(_percent(kinds, number))
    figures.update(_oracle(counts, number, choice.grid, iou_thrs))
    return figures


def _oracle(counts, number, grid, iou_thrs):
    figures = {}
    for d, suffix in enumerate(_suffixes(iou_thrs)):
        for name in LOCALIZATION:
            best = int(np.argmax(counts[name][d]))
            key = f'oracle_{name}'
            acc = {f'{key}_acc{suffix}': counts[name][d][best]}
            figures.update(_percent(acc, number))
            figures[f'{key}_threshold{suffix}'] = float(grid[best])
    for key in ('star_pair', 'star_second'):
        if key in counts:
            best = np.tril(counts[key]) if key == 'star_pair' else counts[key]
            acc = dict(oracle_top5_star_acc=best.max())
            figures.update(_percent(acc, number))
    return figures


def curves(counts, number, choice, iou_thrs):
    """Accuracy at every threshold, by figure: lists, for JSON."""
    found = dict(thresholds=choice.grid.tolist())
    for d, suffix in enumerate(_suffixes(iou_thrs)):
        for name in LOCALIZATION:
            curve = 100 * counts[name][d] / number
            found[f'{name}_acc{suffix}'] = curve.tolist()
    return found


def _suffixes(iou_thrs):
    return [
        f'_iou{100 * iou:g}' if d else '' for d, iou in enumerate(iou_thrs)
    ]


def _percent(counts, number):
    return {key: 100 * float(v) / number for key, v in counts.items()}


def _errors(counts, number):
    return {
        key.replace('_acc', '_err'): 100 * float(number - v) / number
        for key, v in counts.items()
    }


def table(figures, protocol, number):
    """Lay the figures out as text.

    Args:
        figures (dict): As `LocalizationMetric.compute_metrics` gives them.
        protocol (str): Rule, resolution, IoU and threshold, in words.
        number (int): Images.

    Returns:
        str: Lines.
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
