"""Count right images at every threshold from the records of all images."""

from typing import NamedTuple

import numpy as np

from ..functional.error_kinds import WRONG
from ..functional.hits import chunks, unpack_hits
from .top5_star import count_either, count_pairs

KIND_BITS = 3


class Record(NamedTuple):
    """What is kept of one image."""

    rank: int  # rank of the true class in the prediction; 0 is the first
    label: int  # the true class
    flat: bool  # the map was constant, or not finite
    bits: bytes  # the rows of a `Layout`, packed
    regressed: bool  # the network gave the box, and not the map


class Layout(NamedTuple):
    """The rows of T bits in a record."""

    num_iou: int  # rows with hits of the box, one for each IoU threshold
    second: bool  # a row with hits of the second component's box
    kinds: bool  # `KIND_BITS` rows with the kind of error
    num_thresholds: int

    @property
    def rows(self):
        """Give the number of rows."""
        return self.num_iou + self.second + KIND_BITS * self.kinds

    @property
    def num_bytes(self):
        """Give the size of the packed rows."""
        return -(-self.rows * self.num_thresholds // 8)

    def unpack(self, records):
        """Give the bits of some records, ``(n, rows, T)`` bool."""
        packed = [record.bits for record in records]
        return unpack_hits(packed, (self.rows, self.num_thresholds))


def pack_kinds(kinds):
    """Turn kinds of error ``(T,)`` into rows of bits ``(KIND_BITS, T)``."""
    return (kinds >> np.arange(KIND_BITS)[:, None] & 1).astype(bool)


def unpack_kinds(bits):
    """Turn bits ``(n, KIND_BITS, T)`` back into kinds of error ``(n, T)``."""
    return (bits << np.arange(KIND_BITS)[:, None]).sum(axis=1)


def count(records, layout, star=False):
    """Count the right images at every threshold.

    Args:
        records (list[Record]): One for each image.
        layout (Layout): The meaning of their bits.
        star (bool): Add ``star_pair``. Defaults to False.

    Returns:
        dict[str, ndarray]: ``gt_known``, ``top1`` and ``top5``, each
        ``(D, T)`` by IoU threshold and score threshold; ``cls_top1`` and
        ``cls_top5``; ``star_pair`` ``(T, T)``, Top-5* by tight and loose
        threshold; with a second component ``star_second`` ``(T,)``; and with
        kinds ``kinds`` ``(5, T)``, for the images whose class is right.
    """
    totals = {}
    for part in chunks(records):
        for key, value in _count(part, layout, star).items():
            totals[key] = totals.get(key, 0) + value
    return totals


def _count(records, layout, star):
    bits = layout.unpack(records)
    rank = np.array([r.rank for r in records])
    hits = bits[:, : layout.num_iou]
    counts = dict(
        cls_top1=(rank < 1).sum(),
        cls_top5=(rank < 5).sum(),
        gt_known=hits.sum(0),
        top1=hits[rank < 1].sum(0),
        top5=hits[rank < 5].sum(0),
    )
    if star:
        counts['star_pair'] = count_pairs(rank, hits[:, 0])
    if layout.second:
        second = bits[:, layout.num_iou]
        counts['star_second'] = count_either(rank, hits[:, 0], second)
    if layout.kinds:
        kinds = unpack_kinds(bits[rank < 1, -KIND_BITS:])
        counts['kinds'] = np.stack(
            [(kinds == kind).sum(0) for kind in range(WRONG + 1)]
        )
    return counts
