"""Write the data of the page; the page itself lies beside this file."""

import base64
import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from mmspg.evaluation.functional import min_max, to_inclusive
from mmspg.evaluation.functional.score_maps import regions_of
from mmspg.evaluation.samples import (
    class_map,
    rank_of,
    true_boxes,
    true_label,
)

PAGE = ('index.html', 'report.css', 'boxes.js', 'curve.js', 'report.js')
LONGEST = 512
THUMBNAIL = 200


def report_image(sample: dict, longest: int = LONGEST) -> dict:
    """What the page needs of one image: its true class's map, 8 bit.

    The page upsamples the map to the image and boxes it as `locate` does;
    on images with a side above ``longest`` it does so on a smaller grid.

    Args:
        sample (dict): A prediction with ``gt_label`` and ``ori_gt_bboxes``.
        longest (int): Side of the grid in pixels. Defaults to 512.

    Returns:
        dict: ``id``; ``truth``, ``predicted``, class numbers; ``rank`` of
        the true class; ``score`` of the predicted; ``size`` (W, H) and
        ``grid``, the same reduced; ``cells`` (h, w) of ``map``, base64;
        ``region`` x0 y0 x1 y1 that it covers, continuous on the grid;
        ``boxes``, inclusive pixels of the image.
    """
    label = true_label(sample)
    raw = class_map(sample, label)
    size = tuple(sample['ori_shape'][1::-1])
    scale = min(1.0, longest / max(size))
    grid = [max(1, round(side * scale)) for side in size]
    regions = regions_of(
        size, tuple(sample['img_shape'][1::-1]), sample.get('homography')
    )
    flips = tuple(slice(None, None, -1 if b < a else 1) for a, b in regions)
    levels = np.round(255 * min_max(raw[flips[::-1]])).astype(np.uint8)
    (x0, x1), (y0, y1) = [
        [float(at * g / s) for at in sorted(region)]
        for region, g, s in zip(regions, grid, size, strict=True)
    ]
    scores = np.asarray(sample['pred_score'])
    return dict(
        id=str(sample['img_id']),
        truth=label,
        predicted=int(scores.argmax()),
        rank=rank_of(scores, label),
        score=round(float(scores.max()), 4),
        size=list(map(int, size)),
        grid=grid,
        cells=list(levels.shape),
        map=base64.b64encode(levels.tobytes()).decode(),
        region=[x0, y0, x1, y1],
        boxes=to_inclusive(true_boxes(sample)).round(2).tolist(),
    )


def write_thumbnail(image: np.ndarray, path: Path) -> None:
    """Write a small JPEG of an image ``(H, W, 3)`` uint8 in B, G, R."""
    scale = min(1.0, THUMBNAIL / max(image.shape[:2]))
    size = [max(1, round(side * scale)) for side in image.shape[1::-1]]
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    good, content = cv2.imencode('.jpg', small, [cv2.IMWRITE_JPEG_QUALITY, 85])
    path.write_bytes(content.tobytes())


def write_report(
    out: str | Path,
    images: Iterable[tuple[dict, np.ndarray]],
    figures: dict,
    classes: Iterable[str],
    title: str,
    summary: Iterable[tuple[str, str]] = (),
    iou: float = 0.5,
    strict: bool = False,
    align_corners: bool = False,
) -> Path:
    """Write the folder: a page, its data, small pictures.

    Names of classes and images are data for the page, never markup.

    Args:
        out (str | Path): The folder.
        images (Iterable): Of `report_image` and the stored image
            ``(H, W, 3)`` uint8 in B, G, R.
        figures (dict): Of `LocalizationMetric`, and its ``curves``; keys
            without prefix.
        classes (Iterable[str]): Names.
        title (str): Of the page.
        summary (Iterable): Pairs of name and value.
        iou (float): IoU from which a box is right. Defaults to .5.
        strict (bool): Right above ``iou`` only. Defaults to False.
        align_corners (bool): Of the upsampling. Defaults to False.

    Returns:
        Path: The page.
    """
    out = Path(out)
    pictures = out / 'pictures'
    pictures.mkdir(parents=True, exist_ok=True)
    rows = []
    for i, (row, image) in enumerate(images):
        file = f'pictures/{i:06d}.jpg'
        write_thumbnail(image, out / file)
        rows.append(dict(row, file=file))
    write_page(
        out,
        dict(
            title=title,
            summary=[[str(k), str(v)] for k, v in summary],
            figures=figure_rows(figures),
            protocol=figures.get('protocol', ''),
            curves=curves_of(figures['curves']),
            threshold=figures['threshold'],
            classes=[str(name) for name in classes],
            iou=iou,
            strict=strict,
            align=align_corners,
            images=rows,
        ),
    )
    return out / 'index.html'


def write_page(out: Path, data: dict) -> None:
    """Write ``data.js``, a script since a page from disk may read no JSON."""
    for name in PAGE:
        shutil.copyfile(Path(__file__).with_name(name), out / name)
    text = json.dumps(data, separators=(',', ':'))
    (out / 'data.js').write_text(f'const REPORT = {text};\n')


def figure_rows(figures: dict) -> list[list[str]]:
    """The table of the figures, its head first."""
    rows = [['', 'accuracy %', 'error %', 'own optimum %', 'at']]
    for name, key in (
        ('GT-known', 'gt_known'),
        ('Top-1', 'top1'),
        ('Top-5', 'top5'),
        ('Top-5*', 'top5_star'),
        ('class Top-1', 'cls_top1'),
        ('class Top-5', 'cls_top5'),
    ):
        keys = (
            f'{key}_acc',
            f'{key}_err',
            f'oracle_{key}_acc',
            f'oracle_{key}_threshold',
        )
        if keys[0] in figures:
            rows.append(
                [name]
                + [f'{figures[k]:.2f}' if k in figures else '' for k in keys]
            )
    return rows


def curves_of(curves: dict) -> dict:
    """Series for the curve of accuracy over threshold."""
    names = {
        'gt_known_acc': 'GT-known',
        'top1_acc': 'Top-1',
        'top5_acc': 'Top-5',
    }
    return dict(
        thresholds=list(curves['thresholds']),
        series=[
            dict(name=name, values=list(curves[key]))
            for key, name in names.items()
        ],
    )
