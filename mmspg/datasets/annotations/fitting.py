"""Bring the boxes of all samples to the pixels of their images."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import numpy as np

from ..images.headers import Header, read_header
from .boxes import check_lost, check_shares, clip_boxes, fit_boxes, in_shares
from .faults import (
    NO_BOX_LEFT,
    OTHER_IMAGE,
    OTHER_MASK,
    RESCALED,
    SHARES,
    UNKNOWN_GRID,
    Faults,
    Refusal,
)
from .formats import Box
from .grid import OtherImageError, bring_to

# The fields of a sample that have one entry for each of its boxes.
BOX_KEYS = {'ori_gt_bboxes', 'gt_bbox_labels'}

__all__ = [
    'check_masks',
    'fit_as_seen',
    'fit_samples',
    'has_region',
    'read_headers',
]


def has_region(sample: dict) -> bool:
    """Whether localization can be measured on a sample."""
    return 'ori_gt_bboxes' in sample or 'gt_mask_paths' in sample


def read_headers(
    samples: Sequence[dict], backend_args: dict | None = None
) -> list[Header | None]:
    """Read the sizes and orientations of the images of samples, in order."""
    with ThreadPoolExecutor(16) as pool:  # worth it for network disks
        return list(
            pool.map(
                lambda s: read_header(s['img_path'], backend_args), samples
            )
        )


def check_masks(
    samples: Sequence[dict], found: Faults, grid: str | None
) -> None:
    """Note masks that are cropped or turned, by the first of each image.

    A square mask fits any image: it may be squeezed as the benchmark's grid.

    Raises:
        Refusal: They are three or more, and more than a tenth of the masks.
    """
    masked = [sample for sample in samples if 'gt_mask_paths' in sample]
    paths = [dict(img_path=sample['gt_mask_paths'][0]) for sample in masked]
    masks, images = read_headers(paths), read_headers(masked)
    places = []
    for sample, mask, image in zip(masked, masks, images, strict=True):
        if mask is None or image is None:
            continue
        (w, h), (x, y) = mask.size, image.size_on(grid or 'stored')
        if w != h and not 0.9 < (w * y) / (h * x) < 1 / 0.9:
            path = sample['gt_mask_paths'][0]
            places.append(f'{path} is {w} x {h}, and its image {x} x {y}')
    if len(places) >= 3 and 10 * len(places) > len(masked):
        raise Refusal(OTHER_MASK, places)
    if places:
        found[OTHER_MASK] = places


def fit_samples(
    samples: list[dict],
    found: Faults,
    headers: Sequence[Header | None] | None,
    grid: str | None,
    inclusive: bool,
) -> list[dict]:
    """Fit boxes to their images, and leave out samples without a box.

    Args:
        samples (list[dict]): Samples with ``ori_gt_bboxes``,
            ``ann_source`` and, if the size is annotated, ``ann_size``. They
            are changed in place.
        found (Faults): Where faults are recorded.
        headers (Sequence[Header], optional): For a test, the headers of the
            samples with boxes. None means training, for which nothing is
            refused or left out.
        grid (str, optional): The pixels that the boxes are on, 'stored' or
            'seen'. None means that nobody has said; they are then taken as
            'stored'.
        inclusive (bool): Whether the files have inclusive corners.

    Returns:
        list[dict]: For a test, the samples with a box or a mask; for
        training, all of them.

    Raises:
        Refusal: The figures of this test would be meaningless, because
            boxes are shares of their image, a size or a mask is out of
            proportion, or too many boxes lie outside their image or are
            inverted.
    """
    if headers is None:
        for sample in samples:
            if 'ann_size' in sample or has_region(sample):
                sample['boxes_optional'] = True
    else:
        check_masks(samples, found, grid)
    boxed = [sample for sample in samples if 'ori_gt_bboxes' in sample]
    if not boxed:
        return samples
    places = [
        list(s.pop('ann_source', [s['img_id']] * len(s['ori_gt_bboxes'])))
        for s in boxed
    ]
    one = np.array([0, 0, 1, 1], np.float32) * inclusive
    corners = np.concatenate([s['ori_gt_bboxes'] for s in boxed]) - one
    if headers is not None:
        sizes = [
            s.get('ann_size') or (header and header.size)
            for s, header in zip(boxed, headers, strict=True)
            for _ in s['ori_gt_bboxes']
        ]
        check_shares(corners, list(chain.from_iterable(places)), sizes)
    some_shares = in_shares(corners).any()
    number = sum(map(len, places))
    for i, (sample, where) in enumerate(zip(boxed, places, strict=True)):
        if some_shares:
            _drop_shares(sample, where, one, found)
        header = headers[i] if headers is not None else None
        if header is not None:
            _place(sample, header, grid, found)
        _fit(sample, where, found)
    if headers is None:
        return samples
    check_lost(found, number)
    for sample in samples:
        if not has_region(sample):
            found.add(NO_BOX_LEFT, sample['img_id'])
    if len(found.get(NO_BOX_LEFT, [])) == len(samples):
        raise Refusal(NO_BOX_LEFT, found[NO_BOX_LEFT])
    return [sample for sample in samples if has_region(sample)]


def fit_as_seen(
    boxes: Sequence[Box],
    annotated: tuple[int, int] | None,
    header: Header | None,
    image: str,
    found: Faults,
) -> list[tuple[float, ...]]:
    """Bring the boxes of a photograph to its pixels as people see it.

    Converters call this. Labeling tools show photographs as EXIF turns them,
    so boxes whose annotated size does not tell are on the grid 'seen'.

    Args:
        boxes (Sequence[Box]): Continuous corners as annotated.
        annotated (tuple, optional): The annotated size (w, h).
        header (Header, optional): The header of the file. Without it the
            annotated size is believed.
        image (str): The name of the image, for messages.
        found (Faults): Where faults are recorded.

    Returns:
        list[tuple]: The inclusive corners of the boxes that are left.
    """
    corners = np.array([box.xyxy for box in boxes]).reshape(-1, 4)
    size = annotated
    if header is not None:
        size = header.size_on('seen')
        brought = _bring(corners, annotated, header, 'seen', image, found)
        if brought is None:
            return []
        corners = brought
    places = [box.source for box in boxes]
    corners = fit_boxes(corners, size, places, image, found)
    return [tuple(box) for box in (corners - [0, 0, 1, 1]).tolist()]


def _drop_shares(
    sample: dict, places: list[str], one: np.ndarray, found: Faults
) -> None:
    """Drop the boxes in shares from a file whose other boxes are in pixels."""
    corners = sample['ori_gt_bboxes'] - one
    shares = in_shares(corners) & (corners % 1 != 0).any(axis=1)
    for i in reversed(np.flatnonzero(shares).tolist()):
        found.add(SHARES, f'{places.pop(i)}: image {sample["img_id"]}')
    for key in BOX_KEYS & sample.keys():
        sample[key] = sample[key][~shares]


def _bring(
    boxes: np.ndarray,
    annotated: tuple[int, int] | None,
    header: Header,
    grid: str,
    image: str,
    found: Faults,
) -> np.ndarray | None:
    """Bring boxes to the pixels of a file; give None for another image."""
    try:
        boxes = bring_to(grid, boxes, annotated, header, image)
    except OtherImageError as error:
        found.add(OTHER_IMAGE, str(error))
        return None
    w, h = header.size_on(grid)
    if annotated is not None and sorted(annotated) != sorted((w, h)):
        found.add(
            RESCALED,
            f'{image} is {w} x {h} (width x height) and was annotated at '
            f'{annotated[0]} x {annotated[1]}',
        )
    return boxes


def _place(
    sample: dict, header: Header, grid: str | None, found: Faults
) -> None:
    """Bring the boxes of a sample to the pixels of its file."""
    annotated, name = sample.get('ann_size'), sample['img_id']
    wanted = grid or 'stored'
    size = header.size_on(wanted)
    boxes = sample['ori_gt_bboxes']
    brought = _bring(boxes, annotated, header, wanted, name, found)
    if brought is None:
        return
    told = annotated is not None and size != header.size_on('seen')
    if grid is None and header.orientation != 1 and not told:
        found.add(UNKNOWN_GRID, name)
    sample.update(ori_gt_bboxes=brought, ann_size=size)


def _fit(sample: dict, places: list[str], found: Faults) -> None:
    """Clip the boxes of a sample, and drop those that vanish."""
    size, boxes = sample.get('ann_size'), sample.pop('ori_gt_bboxes')
    labels = sample.pop('gt_bbox_labels', None)
    if labels is None:
        boxes = fit_boxes(boxes, size, places, sample['img_id'], found)
    else:  # one box at a time, so that each keeps its class
        fitted = [
            fit_boxes(box[None], size, [place], sample['img_id'], found)
            for box, place in zip(boxes, places, strict=True)
        ]
        boxes = np.concatenate(fitted)
        labels = labels[[len(box) > 0 for box in fitted]]
    if len(boxes):
        sample['ori_gt_bboxes'] = boxes
        if labels is not None:
            sample['gt_bbox_labels'] = labels
        if size is not None:
            sample['gt_bboxes'] = clip_boxes(boxes, size)
