"""One image of the WSOL benchmark, from files to counts."""

import cv2

from ..functional import pxap_histograms
from .masks import read_mask
from .score_map_files import read_on_grid


def evaluate_files(truth, folder, accuracy, steps=()):
    """Count an image's hits, or its pixels where the truth is a mask.

    Args:
        truth (Truth): Its boxes or masks.
        folder (str): The root of the score maps.
        accuracy (BoxAccuracy): What is counted; of masks its thresholds.
        steps (Sequence): See `mmspg.evaluation.functional.steps`.

    Returns:
        tuple: Hits ``(D, T)`` or histograms ``(2, T + 2)``, and None; or
        None, and what is wrong with the image.
    """
    cv2.setNumThreads(1)  # of each of the processes that this runs in
    try:
        score_map = read_on_grid(folder, truth.image, steps)
        if truth.boxes is not None:
            return accuracy.hits(score_map, truth.boxes), None
        mask = read_mask(truth.masks, truth.ignore)
        return pxap_histograms(score_map, mask, accuracy.thresholds), None
    except (ValueError, OSError) as error:
        return None, f'image {truth.image}: {error}'
