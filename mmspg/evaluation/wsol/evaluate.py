"""Evaluate one image of the WSOL benchmark from its files."""

import cv2

from ..functional import is_flat, pxap_histograms
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
        tuple: Hits ``(D, T)`` or histograms ``(2, T + 2)``, None, and
        whether the map is constant. Or None, and what is wrong with the
        image, and False.
    """
    cv2.setNumThreads(1)  # since this runs in several processes
    try:
        score_map = read_on_grid(folder, truth.image, steps)
        if truth.boxes is not None:
            hits = accuracy.hits(score_map, truth.boxes)
            return hits, None, is_flat(score_map)
        mask = read_mask(truth.masks, truth.ignore)
        counts = pxap_histograms(score_map, mask, accuracy.thresholds)
        return counts, None, is_flat(score_map)
    except (ValueError, OSError) as error:
        return None, f'image {truth.image}: {error}', False
