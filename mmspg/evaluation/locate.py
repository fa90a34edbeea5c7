"""Where one class is in one image: what hook, inferencer and tools draw."""

from typing import NamedTuple

import numpy as np

from .functional import boxes_at_thresholds, place_score_map
from .samples import class_map


class Located(NamedTuple):
    """A class found in an image.

    ``label`` int; ``box`` ``(4,)`` int64 x0 y0 x1 y1 in inclusive pixels of
    the stored image; ``score_map`` ``(H, W)`` float32 in [0, 1] at its
    resolution, see `place_score_map`.
    """

    label: int
    box: np.ndarray
    score_map: np.ndarray


def locate(
    data_sample,
    threshold=None,
    rule='largest_area',
    label=None,
    align_corners=False,
):
    """Box a class by its score map, as `LocalizationMetric` does.

    Args:
        data_sample (DataSample | dict): A prediction: ``score_map``
            ``(K, h, w)``, ``score_map_labels`` ``(K,)``, ``pred_label``
            ``(1,)``, ``ori_shape`` (H, W), ``img_shape`` (h, w) and, unless
            the image was only resized, ``homography`` ``(3, 3)``.
        threshold (float, optional): A score in [0, 1] at which the map is
            cut; what it means is the rule's. None: the rule's own, if any.
        rule (str): One of `RULES` that gives one box. Defaults to
            'largest_area', the paper's.
        label (int, optional): The class. None: the predicted one.
        align_corners (bool): Of the bilinear upsampling. Defaults to False.

    Returns:
        Located: Label, box and map.

    Raises:
        ValueError: The sample has no map of this class, or the rule gives
            many boxes or has no threshold of its own.
    """
    sample = data_sample
    if not isinstance(sample, dict):
        sample = sample.to_dict()
    if label is None:
        predicted = sample.get('pred_label', sample.get('score_map_labels'))
        label = int(predicted[0])
    placed = place_score_map(
        class_map(sample, label),
        tuple(sample['ori_shape'][1::-1]),
        tuple(sample['img_shape'][1::-1]),
        sample.get('homography'),
        align_corners,
    )
    cut = None if threshold is None else [threshold]
    box = boxes_at_thresholds(placed, cut, rule)[0]
    return Located(label, box, placed)
