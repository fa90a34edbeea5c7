"""Pack hits by IoU threshold and score threshold into bits.

1000 score thresholds at three IoU thresholds take 375 bytes for an image. So
a metric keeps a small record and no map.
"""

import numpy as np


def hits_at_thresholds(ious, iou_thresholds=(0.5,), strict=False):
    """Tell which boxes are right.

    Args:
        ious (array): ``(T,)`` best IoU at every score threshold.
        iou_thresholds (sequence): D values in [0, 1]. Defaults to .5.
        strict (bool): A box is right if IoU > the threshold, as the paper
            says. If False, IoU >= the threshold is enough, as in the devkit
            and the benchmark.

    Returns:
        ndarray: ``(D, T)`` bool.
    """
    compare = np.greater if strict else np.greater_equal
    return compare(np.asarray(ious)[None], np.asarray(iou_thresholds)[:, None])


def pack_hits(hits):
    """Pack ``(D, T)`` bool into bytes, D * T bits rounded up."""
    return np.packbits(np.asarray(hits, bool)).tobytes()


def unpack_hits(packed, shape):
    """Unpack what `pack_hits` gave, for ``n`` images at once.

    Args:
        packed (sequence[bytes]): One for each of n images.
        shape (tuple[int]): (D, T).

    Returns:
        ndarray: ``(n, D, T)`` bool.
    """
    bits = np.frombuffer(b''.join(packed), np.uint8)
    bits = bits.reshape(len(packed), -1)
    bits = np.unpackbits(bits, axis=1, count=int(np.prod(shape)))
    return bits.reshape(-1, *shape).astype(bool)


def chunks(records, size=1024):
    """Cut a list, since 50,000 unpacked records would need much memory."""
    for start in range(0, len(records), size):
        yield records[start : start + size]
