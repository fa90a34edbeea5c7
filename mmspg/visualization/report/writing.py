"""Write the data of the page, whose HTML lies beside this file."""

import base64
import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np

from mmspg.evaluation.functional import (
    apply_steps,
    box_iou,
    split_steps,
    to_inclusive,
)
from mmspg.evaluation.functional.score_maps import regions_of
from mmspg.evaluation.functional.steps import Step
from mmspg.evaluation.locate import locate
from mmspg.evaluation.metrics.localization_report import ROWS
from mmspg.evaluation.samples import (
    class_map,
    rank_of,
    true_boxes,
    true_label,
)

from ..names import picture_name

PAGE = ('index.html', 'report.css', 'curve.js', 'report.js')
THUMBNAIL = 200
LONGEST = 65535  # pixels of a side that the packed boxes can count
CENTRED = 0.7  # the share of each side; the page says so


def slider_thresholds(threshold: float) -> list[float]:
    """Give the slider's positions: .01 to .99 and the figures' threshold."""
    hundredths = np.arange(1, 100) / 100
    others = hundredths[np.abs(hundredths - threshold) > 1e-9]
    return np.union1d(others, threshold).tolist()


def report_image(
    sample: dict,
    thresholds: Sequence[float],
    rule: str = 'largest_area',
    align_corners: bool = False,
    score_map_steps: Sequence[Step] = (),
) -> dict:
    """Give what the page needs of one image: its map and all its boxes.

    Map and boxes belong to the true class, or to the predicted class if the
    true one is not known.

    Args:
        sample (dict): A prediction, perhaps with ``gt_label`` and
            ``ori_gt_bboxes``.
        thresholds (Sequence[float]): The P positions of the slider.
        rule (str): From map to box, see `locate`. Defaults to the paper's.
        align_corners (bool): See PyTorch's ``interpolate``. Defaults to False.
        score_map_steps (Sequence): See `locate`. Defaults to none.

    Returns:
        dict: ``id``; ``truth``, the number of the true class, or None;
        ``predicted``, that of the predicted one; ``rank`` of the true class,
        or None; ``score`` of the predicted class; ``size`` (W, H); ``map``,
        8 bits in base64, and its ``cells`` (h, w); ``region``, the
        x0 y0 x1 y1 that the map covers, in continuous pixels; ``boxes``,
        ``(P, 4)`` little-endian uint16 in base64; and ``truths``, the true
        boxes. Boxes are in inclusive pixels of the image.

    Raises:
        ValueError: A side has more than 65,535 pixels.
    """
    scores = np.asarray(sample['pred_score'])
    predicted = int(np.argmax(scores))
    truth = true_label(sample) if 'gt_label' in sample else None
    label = predicted if truth is None else truth
    size = tuple(map(int, sample['ori_shape'][1::-1]))
    if max(size) > LONGEST:
        raise ValueError(
            f'{sample["img_id"]}: an image of {size[0]} x {size[1]} pixels '
            f'is too large for the report: a side may have {LONGEST} pixels'
        )
    found = locate(
        sample, thresholds, rule, label, align_corners, score_map_steps
    )
    regions = regions_of(
        size, tuple(sample['img_shape'][1::-1]), sample.get('homography')
    )
    flips = tuple(slice(None, None, -1 if b < a else 1) for a, b in regions)
    steps = split_steps(score_map_steps)[0] or ['min_max']
    levels = 255 * apply_steps(class_map(sample, label), steps)
    levels = np.round(levels[flips[::-1]])
    (x0, x1), (y0, y1) = (sorted(map(float, region)) for region in regions)
    truths = []
    if truth is not None and len(sample.get('ori_gt_bboxes', ())):
        truths = to_inclusive(true_boxes(sample)).tolist()
    return dict(
        id=str(sample['img_id']),
        truth=truth,
        predicted=predicted,
        rank=None if truth is None else rank_of(scores, truth),
        score=round(float(scores.max()), 4),
        size=list(size),
        cells=list(levels.shape),
        map=_packed(levels, np.uint8),
        region=[x0, y0, x1, y1],
        boxes=_packed(found.box, '<u2'),
        truths=truths,
    )


def _packed(array, dtype) -> str:
    return base64.b64encode(array.astype(dtype).tobytes()).decode()


def write_thumbnail(image: np.ndarray, path: Path) -> None:
    """Write a small JPEG of an image ``(H, W, 3)`` uint8 in B, G, R."""
    scale = min(1.0, THUMBNAIL / max(image.shape[:2]))
    size = [max(1, round(side * scale)) for side in image.shape[1::-1]]
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    good, content = cv2.imencode('.jpg', small, [cv2.IMWRITE_JPEG_QUALITY, 85])
    path.write_bytes(content.tobytes())


def check_folder(out: str | Path) -> None:
    """Refuse a folder whose ``pictures`` are not those of a report.

    Raises:
        ValueError: They would be lost.
    """
    pictures = Path(out) / 'pictures'
    lost = pictures.is_dir() and any(pictures.iterdir())
    if lost and not (Path(out) / 'data.js').is_file():
        raise ValueError(
            f'{pictures} is no folder of a report, and its pictures would be '
            'lost. Choose another folder: --out DIR'
        )


def write_report(
    out: str | Path,
    images: Iterable[tuple[dict, np.ndarray]],
    figures: dict,
    classes: Iterable[str],
    title: str,
    summary: Iterable[tuple[str, str]] = (),
    iou: float = 0.5,
    strict: bool = False,
) -> Path:
    """Write the folder: the page, its data and small pictures.

    The page treats names of classes and images as text, never as markup.

    Args:
        out (str | Path): The folder.
        images (Iterable): From `report_image`, for the `slider_thresholds` of
            the figures' threshold, and the stored image ``(H, W, 3)`` uint8
            in B, G, R.
        figures (dict): Those of `LocalizationMetric`, its ``curves`` and those
            of `precision_report`; keys without prefix. Where nothing is known
            of the truth its ``threshold`` alone.
        classes (Iterable[str]): Names of the classes.
        title (str): Title of the page.
        summary (Iterable): Pairs of name and value.
        iou (float): IoU from which a box is right. Defaults to .5.
        strict (bool): A box is right only above ``iou``. Defaults to False.

    Returns:
        Path: The page.
    """
    out = Path(out)
    pictures = out / 'pictures'
    check_folder(out)
    shutil.rmtree(pictures, ignore_errors=True)  # a former run's
    pictures.mkdir(parents=True)
    (out / 'data.js').touch()  # it is a report's folder from now on
    rows, taken = [], set()
    for row, image in images:
        name = picture_name(row['id'], taken, '.jpg')
        write_thumbnail(image, pictures / name)
        rows.append(dict(row, file=f'pictures/{quote(name)}'))
    write_page(
        out,
        dict(
            title=title,
            summary=[[str(k), str(v)] for k, v in summary],
            figures=figure_rows(figures, centred_acc(rows, iou, strict)),
            perClass=class_rows(figures.get('per_class', {})),
            protocol=figures.get('protocol', ''),
            curves=curves_of(figures.get('curves', {})),
            precision=figures.get('precision', curves_of({})),
            reliability=figures.get('reliability', ''),
            threshold=figures['threshold'],
            thresholds=slider_thresholds(figures['threshold']),
            classes=[str(name) for name in classes],
            iou=iou,
            strict=strict,
            images=rows,
        ),
    )
    return out / 'index.html'


def centred_acc(rows: list[dict], iou: float, strict: bool) -> float | None:
    """Give the percentage of images whose centred box is right.

    The box has 70 % of each side and knows nothing of the image, so a method
    must do better. Without true boxes this gives None.
    """
    right = []
    for row in rows:
        if row['truths']:
            size = np.tile(row['size'], 2)
            low, high = (1 - CENTRED) / 2, (1 + CENTRED) / 2
            box = to_inclusive(size * (low, low, high, high))
            best = box_iou([box], row['truths']).max()
            right.append(best > iou if strict else best >= iou)
    return 100 * float(np.mean(right)) if right else None


def figure_rows(figures: dict, centred: float | None) -> list[list[str]]:
    """Give the table of the figures, head first; empty without figures."""
    head = ['', 'accuracy %', 'error %', 'own optimum %', 'at']
    rows = []
    for name, key in ROWS:
        keys = (
            f'{key}_acc',
            f'{key}_err',
            f'oracle_{key}_acc',
            f'oracle_{key}_threshold',
        )
        if keys[0] in figures:
            texts = [f'{figures[k]:.2f}' if k in figures else '' for k in keys]
            rows.append([name, *texts])
    if centred is not None:
        rows.append(
            ['centred box', f'{centred:.2f}', f'{100 - centred:.2f}', '', '']
        )
    if not any(row[3] for row in rows):
        head, rows = head[:3], [row[:3] for row in rows]
    return [head, *rows] if rows else []


def class_rows(per_class: dict) -> list[list[str]]:
    """Give the table of the classes, head first, the hardest class on top."""
    keys = ('gt_known_acc', 'top1_acc', 'cls_top1_acc')
    rows = [
        [name, str(row['images']), *(f'{row[k]:.1f}' for k in keys)]
        for name, row in sorted(
            per_class.items(), key=lambda item: item[1]['gt_known_acc']
        )
    ]
    head = ['class', 'images', 'GT-known %', 'Top-1 %', 'class Top-1 %']
    return [head, *rows] if rows else []


def write_page(out: Path, data: dict) -> None:
    """Write the page and ``data.js``: a page on disk may not read JSON."""
    for name in PAGE:
        shutil.copyfile(Path(__file__).with_name(name), out / name)
    text = json.dumps(data, separators=(',', ':'))
    (out / 'data.js').write_text(f'const REPORT = {text};\n')


def curves_of(curves: dict) -> dict:
    """Give the series for the curve of accuracy over threshold."""
    names = {
        'gt_known_acc': 'GT-known',
        'top1_acc': 'Top-1',
        'top5_acc': 'Top-5',
    }
    return dict(
        thresholds=list(curves.get('thresholds', ())),
        series=[
            dict(name=name, values=list(curves[key]))
            for key, name in names.items()
            if key in curves
        ],
    )
