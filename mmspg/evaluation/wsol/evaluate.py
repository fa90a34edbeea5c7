"""Evaluate one image of the WSOL benchmark from its files."""

import cv2

from ..functional import pxap_histograms
from .masks import read_mask
from .score_map_files import read_on_grid


def evaluate_files(truth, folder, accuracy, steps=()):
    """Count an image's hits, or its pixels if it has masks.

    Args:
        truth (Truth): Boxes or masks of the image.
        folder (str): The root of the score maps.
        accuracy (BoxAccuracy): What is counted. Masks use its thresholds.
        steps (Sequence): See `mmspg.evaluation.functional.steps`.

    Returns:
        tuple: Hits ``(D, T)`` or histograms ``(2, T + 2)``, and None. Or
        None, and what is wrong with the image.
    """
    cv2.setNumThreads(1)  # since this runs in several processes
    try:
        score_map = read_on_grid(folder, truth.image, steps)
        if truth.boxes is not None:
            return accuracy.hits(score_map, truth.boxes), None
        mask = read_mask(truth.masks, truth.ignore)
        return pxap_histograms(score_map, mask, accuracy.thresholds), None
    except (ValueError, OSError) as error:
        return None, f'image {truth.image}: {error}'
