"""Fill, draw and save the results of an inferencer."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmpretrain.structures import DataSample

from mmspg.evaluation.functional import all_boxes_at_thresholds, split_steps
from mmspg.evaluation.locate import locate_objects
from mmspg.evaluation.protocol import Protocol
from mmspg.labeling.formats.coco import (
    coco_annotations,
    write_list,
    write_object,
)
from mmspg.labeling.records import boxes_of
from mmspg.visualization import LocalizationVisualizer, draw_sheet

ARRAYS = ('pred_scores', 'score_map')


def add_locations(
    result: dict,
    sample: DataSample,
    labels: Sequence[int],
    protocol: Protocol,
    classes: Sequence[str] | None,
    all_boxes: bool = False,
    return_score_maps: bool = False,
) -> None:
    """Add the boxes of an image's classes to its result.

    Args:
        result (dict): The classification result, which is changed in place.
        sample (DataSample): The sample with the score maps.
        labels (Sequence[int]): The classes, the main one first.
        protocol (Protocol): The way from a map to a box.
        classes (Sequence[str], optional): The names of all classes.
        all_boxes (bool): Whether to add ``boxes``, the boxes of all
            components.
        return_score_maps (bool): Whether to add ``score_map``.
    """
    result['img_id'] = sample.img_id
    if 'img_path' in sample:
        result['img_path'] = sample.img_path
    result['size'] = tuple(sample.ori_shape[1::-1])
    result['locations'] = []
    for found in locate_objects(sample, labels, protocol):
        location = dict(
            label=found.label, score=found.score, box=found.box.tolist()
        )
        if found.confidence is not None:
            location['confidence'] = found.confidence
        if classes is not None:
            location['class'] = classes[found.label]
        if all_boxes:
            location['boxes'] = all_boxes_at_thresholds(
                found.score_map, [protocol.threshold], protocol.rule
            )[0].tolist()
        if return_score_maps:
            location['score_map'] = found.score_map
        result['locations'].append(location)
    first = (result['locations'] or [dict(box=[0, 0, 0, 0])])[0]
    for key in ('box', 'boxes', 'score_map', 'confidence'):
        if key in first:
            result[key] = first[key]


def draw_locations(
    visualizer: LocalizationVisualizer,
    image: np.ndarray,
    sample: DataSample,
    labels: Sequence[int],
    classes: Sequence[str] | None,
    protocol: Protocol,
) -> np.ndarray:
    """Draw image, map and box of each class, one below another.

    Args:
        visualizer (LocalizationVisualizer): The visualizer that draws.
        image (ndarray): ``(H, W, 3)`` uint8 in B, G, R.
        sample (DataSample): The sample with the score maps.
        labels (Sequence[int]): The classes.
        classes (Sequence[str], optional): The names of all classes.
        protocol (Protocol): The way from a map to a box.

    Returns:
        ndarray: ``(h, w, 3)`` uint8 RGB.
    """
    if split_steps(protocol.score_map_steps)[1]:
        sample.set_metainfo(dict(ori_img=image))
    shown: list[int | None] = list(labels) or [None]  # None: only the image
    views = [
        visualizer.visualize_localization(
            np.ascontiguousarray(image[..., ::-1]),
            sample,
            classes=classes,
            threshold=protocol.threshold,
            valley=protocol.valley,
            label=label,
            draw_gt=False,
            draw_pred=bool(labels),
            **protocol.reading,
        )
        for label in shown
    ]
    return draw_sheet(views, 1)


def save_results(
    results: Sequence[dict], path: str | Path, coco: bool = False
) -> None:
    """Write results as JSON, one image per line, without their arrays.

    Args:
        results (Sequence[dict]): Results of `LocalizationInferencer`.
        path (str | Path): The file. Its folder is made if it is missing.
        coco (bool): Whether to write a COCO file instead; see `coco_parts`.
            Defaults to False.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if coco:
        write_object(path, **coco_parts(results))
        return
    with open(path, 'w', encoding='utf-8') as file:
        write_list(file, map(_plain, results))
        file.write('\n')


def coco_parts(results: Sequence[dict]) -> dict[str, list]:
    """Convert results to a COCO data set whose boxes have scores.

    Args:
        results (Sequence[dict]): Results of `LocalizationInferencer`.

    Returns:
        dict: ``images``, whose ids count from 1 in the order of the results;
        ``categories``, the classes that occur in them, whose ids are the
        labels plus 1; and ``annotations``, see `coco_annotations`.
    """
    images, annotations, classes = [], [], {}
    for number, result in enumerate(results, 1):
        width, height = result['size']
        name = result['img_id']
        images.append(
            dict(id=number, file_name=name, width=width, height=height)
        )
        annotations += coco_annotations(
            boxes_of(result), number, len(annotations) + 1
        )
        for place in result['locations']:
            label = place['label']
            classes[label] = place.get('class', str(label))
    categories = [
        dict(id=label + 1, name=classes[label]) for label in sorted(classes)
    ]
    return dict(images=images, categories=categories, annotations=annotations)


def _plain(value):
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if k not in ARRAYS}
    return [_plain(v) for v in value] if isinstance(value, list) else value
