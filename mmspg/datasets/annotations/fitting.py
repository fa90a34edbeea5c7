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
    RESCALED,
    SHARES,
    UNKNOWN_GRID,
    Faults,
    Refusal,
)
from .formats import Box
from .grid import OtherImageError, bring_to

# What a sample has of each of its boxes.
BOX_KEYS = {'ori_gt_bboxes', 'gt_bbox_labels'}

__all__ = ['fit_as_seen', 'fit_samples', 'has_region', 'read_headers']


def has_region(sample: dict) -> bool:
    """Whether localization can be measured on a sample."""
    return 'ori_gt_bboxes' in sample or 'gt_mask_paths' in sample


def read_headers(
    samples: Sequence[dict], backend_args: dict | None = None
) -> list[Header | None]:
    """Read size and orientation of the images of samples, in their order."""
    with ThreadPoolExecutor(16) as pool:  # for disks of a network
        return list(
            pool.map(
                lambda s: read_header(s['img_path'], backend_args), samples
            )
        )


def fit_samples(
    samples: list[dict],
    found: Faults,
    headers: Sequence[Header | None] | None,
    grid: str | None,
    inclusive: bool,
) -> list[dict]:
    """Fit boxes to their images; leave out samples that have none left.

    Args:
        samples (list[dict]): With ``ori_gt_bboxes`` and ``ann_source``, and
            ``ann_size`` where annotated. Changed in place.
        found (Faults): The faults are added to it.
        headers (Sequence[Header], optional): Of the samples with boxes, for
            a test. None: for training; nothing is refused or left out.
        grid (str, optional): 'stored' or 'seen', what the boxes are on;
            None: nobody said, so they are taken as stored.
        inclusive (bool): Whether the files have inclusive corners.

    Returns:
        list[dict]: For a test those that have a box or a mask, or all.

    Raises:
        Refusal: For a test, what makes its figures meaningless: boxes in
            shares, sizes out of proportion, most of the boxes outside.
    """
    if headers is None:
        for sample in samples:
            if 'ann_size' in sample or has_region(sample):
                sample['boxes_optional'] = True
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
        check_shares(corners, list(chain.from_iterable(places)))
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
    """Bring boxes of one's own photograph to its pixels as people see it.

    Converters call this. Label tools show photographs as EXIF turns them, so
    boxes are on the grid 'seen' where the annotated size does not tell.

    Args:
        boxes (Sequence[Box]): Continuous corners as annotated.
        annotated (tuple, optional): The size (w, h) that is annotated.
        header (Header, optional): Of the file; without it the annotated
            size is believed.
        image (str): Its name, for messages.
        found (Faults): The faults are added to it.

    Returns:
        list[tuple]: Inclusive corners of the boxes that are left.
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
    """Drop boxes that are shares of their image among others in pixels."""
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
    """Bring boxes to the pixels of a file; None if it is another image."""
    try:
        boxes = bring_to(grid, boxes, annotated, header, image)
    except OtherImageError as error:
        found.add(OTHER_IMAGE, str(error))
        return None
    w, h = header.size_on(grid)
    if annotated is not None and sorted(annotated) != sorted((w, h)):
        found.add(
            RESCALED,
            f'{image} is {w} x {h} (width x height), annotated '
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
    """Clip the boxes of a sample, and drop those with nothing left."""
    size, boxes = sample.get('ann_size'), sample.pop('ori_gt_bboxes')
    labels = sample.pop('gt_bbox_labels', None)
    if labels is None:
        boxes = fit_boxes(boxes, size, places, sample['img_id'], found)
    else:  # one by one, so that each keeps its class
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
