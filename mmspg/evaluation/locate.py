"""Find a class in an image: turn a prediction into boxes.

The metric, the visualization hook, the report, the inferencer and the tools
all call `locate`, so they all give the same box.
"""

from typing import NamedTuple

import cv2
import numpy as np

from .functional import (
    apply_image_steps,
    boxes_at_thresholds,
    place_score_map,
    split_steps,
    to_inclusive,
)
from .functional.confidence import box_features, confidence_of
from .functional.peaks import objects_of, suppress
from .samples import (
    class_map,
    sample_name,
    support_maps,
    true_boxes,
    true_labels,
)


class Located(NamedTuple):
    """A class found in an image.

    ``label`` is an int. ``box`` is ``(4,)`` int64 x0 y0 x1 y1 in inclusive
    pixels of the stored image, or ``(T, 4)`` for T thresholds. ``score_map``
    is ``(H, W)`` float32 in [0, 1] at its resolution, see `place_score_map`.
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
    score_map_steps=(),
):
    """Box a class by its score map.

    A network that regresses a box, see `PSOLHead`, has that one, whatever
    class, threshold and rule are.

    Args:
        data_sample (DataSample | dict): A prediction: ``score_map``
            ``(K, h, w)``, ``score_map_labels`` ``(K,)``, ``pred_label``
            ``(1,)``, ``ori_shape`` (H, W), ``img_shape`` (h, w) and, unless
            the image was only resized, ``homography`` ``(3, 3)``; for steps
            that see the image ``ori_img`` ``(H, W, 3)`` uint8 in B, G, R,
            or ``img_path``.
        threshold (float | array, optional): A score in [0, 1] at which the
            rule cuts the map, or T of them. None: the threshold of the rule,
            if it has one.
        rule (str): One of `RULES` that gives one box. Defaults to
            'largest_area', the paper's rule.
        label (int, optional): The class. None: the predicted class.
        align_corners (bool): See PyTorch's ``interpolate``. Defaults to False.
        score_map_steps (Sequence): Steps of
            `mmspg.evaluation.functional.steps`. Defaults to none, as in the
            paper.

    Returns:
        Located: Label, box and map.

    Raises:
        ValueError: The sample has no map of this class, or the rule gives
            many boxes, or has no threshold while none is given.
    """
    sample = data_sample
    if not isinstance(sample, dict):
        sample = sample.to_dict()
    if label is None:
        predicted = sample.get('pred_label', sample.get('score_map_labels'))
        if not len(predicted):  # with several labels none is sure enough
            predicted = [sample['pred_score'].argmax()]
        label = int(predicted[0])
    of_map, of_image = split_steps(score_map_steps)
    placed = place_score_map(
        class_map(sample, label),
        tuple(sample['ori_shape'][1::-1]),
        tuple(sample['img_shape'][1::-1]),
        sample.get('homography'),
        align_corners,
        of_map,
    )
    if of_image:
        placed = apply_image_steps(placed, _image_of(sample), of_image)
    if 'pred_box' in sample:
        box = regressed_box(sample)
        boxes = np.tile(box, (np.size(threshold), 1))
    else:
        boxes = boxes_at_thresholds(placed, threshold, rule)
    return Located(label, boxes if np.ndim(threshold) else boxes[0], placed)


def regressed_box(sample):
    """Lay the box that a network regressed on the stored image.

    Args:
        sample (DataSample | dict): With ``pred_box`` ``(4,)``, x0 y0 x1 y1
            in shares of the input, and as for `locate`.

    Returns:
        ndarray: ``(4,)`` int64 in inclusive pixels of the stored image.
    """
    height, width = sample.get('ori_shape')[:2]
    h, w = sample.get('img_shape')[:2]
    corners = np.asarray(sample.get('pred_box'), np.float64).reshape(2, 2)
    corners = np.column_stack([corners * (w, h), np.ones(2)])
    corners = corners @ np.linalg.inv(homography_of(sample)).T
    corners = np.sort(corners[:, :2] / corners[:, 2:], axis=0)
    low, high = np.clip(np.round(corners), 0, (width, height)).astype(int)
    low = np.minimum(low, (width - 1, height - 1))
    return np.array([*low, *np.maximum(high - 1, low)])


def _image_of(sample):
    """The stored image, ``(H, W, 3)`` uint8 in B, G, R."""
    if 'ori_img' in sample:
        return sample['ori_img']
    from mmspg.datasets.images.reading import read_image

    if not sample.get('img_path'):
        raise ValueError(
            f'{sample_name(sample)}: a step of score_map_steps sees the '
            'image, and the sample has neither ori_img nor img_path; name '
            'img_path in meta_keys of PackLocInputs'
        )
    return read_image(sample['img_path'], sample.get('exif', 'ignore'))


class LocatedObject(NamedTuple):
    """One box of an image.

    ``label`` is an int. ``score`` in [0, 1] is the class score times the
    height of the object's peak; it does not say how good the box is. ``box``
    is ``(4,)`` int64 x0 y0 x1 y1 in inclusive pixels of the stored image.
    ``confidence`` is the calibrated probability that the box is right, or
    None if no confidence was fitted. ``score_map`` ``(H, W)`` is the map of
    its class. `box_features` explains ``features``.
    """

    label: int
    score: float
    box: np.ndarray
    confidence: float | None
    score_map: np.ndarray
    features: np.ndarray | None


def locate_objects(data_sample, labels, protocol, describe=False):
    """Box the objects of some classes.

    Without ``protocol.valley`` each class has one box, the box of `locate`.
    With it a class has a box for each peak that stands apart (`objects_of`),
    the largest first. A box is left out if a better one of any class overlaps
    it by an IoU above .5.

    Args:
        data_sample (DataSample | dict): See `locate`; it also has
            ``pred_score`` ``(C,)``.
        labels (Sequence[int]): The classes, in the order of the boxes.
        protocol (Protocol): Threshold, rule, valley and confidence.
        describe (bool): Give ``features`` even if there is no
            ``confidence``. Defaults to False.

    Returns:
        list[LocatedObject]: At least one object if there is a class.
    """
    sample = data_sample
    if not isinstance(sample, dict):
        sample = sample.to_dict()
    threshold, rule = protocol[:2]
    scores = np.asarray(sample['pred_score'], np.float64)
    described = describe or protocol.confidence
    found = []
    for label in labels:
        one = locate(sample, threshold, label=label, **protocol.reading)
        whole = one.score_map
        boxes, peaks = one.box[None], np.ones(1)
        if protocol.valley is not None and 'pred_box' not in sample:
            boxes, peaks = objects_of(whole, threshold, rule, protocol.valley)
        support = _placed_support(sample, label) if described else ()
        for box, peak in zip(boxes, peaks, strict=True):
            confidence = features = None
            if described:
                features = box_features(
                    *(whole, box, threshold, scores, label, rule, peak),
                    support,
                )
            if protocol.confidence:
                confidence = confidence_of(features, protocol.confidence)
                confidence = float(confidence) if confidence > 0 else None
            score = float(scores[label] * peak)
            found.append(
                LocatedObject(label, score, box, confidence, whole, features)
            )
    if protocol.valley is not None and found:
        stay = suppress([o.box for o in found], [o.score for o in found])
        found = [found[i] for i in stay]
    return found


def true_objects(sample):
    """Give the true boxes ``(n, 4)``, and their classes ``(n,)``.

    Boxes are in inclusive pixels of the stored image. Without
    ``gt_bbox_labels`` all are of the image's class.

    Raises:
        ValueError: The image has no box.
    """
    truth = to_inclusive(true_boxes(sample))
    labels = sample.get('gt_bbox_labels')
    if labels is None:
        labels = np.repeat(true_labels(sample)[:1], len(truth))
    return truth, np.asarray(labels, int)


def _placed_support(sample, label):
    """The other maps of a class on the stored image."""
    sizes = [tuple(sample[k][1::-1]) for k in ('ori_shape', 'img_shape')]
    return [
        place_score_map(other, *sizes, sample.get('homography'))
        for other in support_maps(sample, label)
    ]


def homography_of(sample):
    """Give the matrix from pixels of the stored image to those of the input.

    Pixels are continuous: the centre of the first one is at (.5, .5).

    Args:
        sample (DataSample | dict): See `locate`.

    Returns:
        ndarray: ``(3, 3)`` float64.
    """
    homography = sample.get('homography')
    if homography is not None:
        return np.asarray(homography, np.float64)
    (height, width), (h, w) = map(sample.get, ('ori_shape', 'img_shape'))
    return np.diag([w / width, h / height, 1.0])


def lay_on_image(array, sample, nearest=False, border=cv2.BORDER_CONSTANT):
    """Place an array that covers the network's input on the stored image.

    Args:
        array (ndarray): ``(h, w)`` or ``(h, w, C)``, at any resolution.
        sample (DataSample | dict): See `locate`.
        nearest (bool): Take the nearest value instead of interpolating
            bilinearly. Defaults to False.
        border (int): OpenCV's border mode for the parts that the network did
            not see. Defaults to zeros.

    Returns:
        ndarray: ``(H, W)`` or ``(H, W, C)``.
    """
    h, w = sample.get('img_shape')
    scale = np.diag([array.shape[1] / w, array.shape[0] / h, 1.0])
    # OpenCV counts from the centre of the first pixel.
    shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    return cv2.warpPerspective(
        np.ascontiguousarray(array),
        np.linalg.inv(shift) @ scale @ homography_of(sample) @ shift,
        tuple(sample.get('ori_shape')[1::-1]),
        flags=cv2.WARP_INVERSE_MAP
        | (cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR),
        borderMode=border,
    )
