"""Steps that fit a score map to the edges of its image.

They run last, on the map that has been resized to the stored image, and are
given the image. The result is the mean of the map before and after the step,
so that a threshold still has an effect on the box.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np


def grabcut(
    score_map, image, delta_h=0.7, delta_l=0.1, iterations=3, longest=200
):
    """Cut out the object by its colours (GrabCut, Rother et al., 2004).

    The seeds are those of Eq. (1) of the paper: scores above ``delta_h`` are
    certain foreground, and scores below ``delta_l`` are certain background.
    GrabCut decides about the pixels between. A map that lacks one kind of
    seeds is not changed.

    Args:
        score_map (array): ``(H, W)`` in [0, 1].
        image (array): ``(H, W, 3)`` uint8.
        delta_h (float): In (0, 1). Defaults to .7.
        delta_l (float): In (0, ``delta_h``). Defaults to .1.
        iterations (int): The number of rounds of GrabCut. Defaults to 3.
        longest (int): The longer side, in pixels, of the image that is cut.
            It takes two seconds for 500. Defaults to 200.

    Returns:
        ndarray: ``(H, W)`` float32 in [0, 1].
    """
    score_map = np.asarray(score_map, np.float32)
    whole = score_map.shape[::-1]
    scale = min(1, longest / max(whole))
    size = [max(1, round(side * scale)) for side in whole]
    seeds = cv2.resize(score_map, size, interpolation=cv2.INTER_AREA)
    image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    middle = (delta_h + delta_l) / 2
    labels = np.where(seeds > middle, cv2.GC_PR_FGD, cv2.GC_PR_BGD)
    labels[seeds > delta_h] = cv2.GC_FGD
    labels[seeds < delta_l] = cv2.GC_BGD
    if not {cv2.GC_FGD, cv2.GC_BGD} <= set(np.unique(labels).tolist()):
        return score_map
    cv2.setRNGSeed(0)  # GrabCut starts with random mixtures
    labels, _, _ = cv2.grabCut(
        image,
        np.ascontiguousarray(labels.astype(np.uint8)),
        None,
        np.zeros((1, 65)),
        np.zeros((1, 65)),
        iterations,
        cv2.GC_INIT_WITH_MASK,
    )
    cut = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    return (score_map + cv2.resize(cut, whole)) / 2


def slic(score_map, image, segments=200, compactness=10.0):
    """Give all pixels of a superpixel its mean score (SLIC).

    Args:
        score_map (array): ``(H, W)`` in [0, 1].
        image (array): ``(H, W, 3)`` uint8.
        segments (int): The approximate number of superpixels. Defaults to
            200.
        compactness (float): As in scikit-image's ``slic``. Defaults to 10.

    Returns:
        ndarray: ``(H, W)`` float32 in [0, 1].

    Raises:
        ImportError: scikit-image is not installed.
    """
    try:
        from skimage.segmentation import slic as superpixels
    except ImportError as error:
        raise ImportError(
            "score_map_steps: 'slic' needs scikit-image: "
            'pip install scikit-image'
        ) from error

    score_map = np.asarray(score_map, np.float32)
    if not score_map.any():
        return score_map
    labels = superpixels(
        image, int(segments), compactness=compactness, start_label=0
    )
    total = np.bincount(labels.ravel(), score_map.ravel())
    votes = total / np.maximum(np.bincount(labels.ravel()), 1)
    return (score_map + votes[labels].astype(np.float32)) / 2


def segmenter(score_map, image, file, threshold=0.5, side=None):
    """Let a model such as SAM cut out the object in the box of the map.

    The user provides the model as an ``.onnx`` file. Its inputs are ``image``
    ``(1, 3, h, w)`` float32, R, G, B in [0, 255], and ``box`` ``(1, 4)``
    float32, x0 y0 x1 y1 in pixels of that image. Its output is a mask
    ``(1, h', w')`` float32 in [0, 1]. The model itself has to normalise the
    image, and to convert the box if it needs another prompt.

    Args:
        score_map (array): ``(H, W)`` in [0, 1].
        image (array): ``(H, W, 3)`` uint8 in B, G, R.
        file (str): The path of the model.
        threshold (float): The threshold for the box that is the prompt.
            Defaults to .5.
        side (int, optional): The side that the image is resized to. By
            default it is not resized.

    Returns:
        ndarray: ``(H, W)`` float32 in [0, 1].

    Raises:
        ValueError: The file is of another kind, or gives another output.
        ImportError: onnxruntime is not installed.
    """
    from .boxes import boxes_at_thresholds

    score_map = np.asarray(score_map, np.float32)
    if not score_map.max() > threshold:
        return score_map
    height, width = score_map.shape
    size = (side, side) if side else (width, height)
    pixels = cv2.resize(image, size)[..., ::-1].transpose(2, 0, 1)
    (box,) = boxes_at_thresholds(score_map, [threshold])
    scale = np.tile(np.divide(size, (width, height)), 2)
    prompt = np.float32((box + (0, 0, 1, 1)) * scale)[None]
    mask = np.asarray(
        _load(str(file))(np.float32(pixels)[None], prompt), np.float32
    )
    if (
        mask.ndim != 3
        or len(mask) != 1
        or not 0 <= mask.min() <= mask.max() <= 1
    ):
        raise ValueError(
            f'{file}: its output must be a mask (1, h, w) in [0, 1], but it '
            f'is {mask.shape} in [{mask.min():g}, {mask.max():g}]'
        )
    cut = cv2.resize(mask[0], (width, height))
    return (score_map + cut) / 2


@lru_cache(maxsize=2)
def _load(file):
    """Load a model as a function of two arrays."""
    if not Path(file).is_file():
        raise ValueError(f"score_map_steps: there is no segmenter '{file}'")
    if not file.endswith('.onnx'):
        raise ValueError(
            f'score_map_steps: the segmenter {file!r} is not an .onnx file'
        )
    try:
        import onnxruntime
    except ImportError as error:
        raise ImportError(
            "score_map_steps: 'segmenter' needs onnxruntime: pip install "
            '"mmspg[export]"'
        ) from error

    session = onnxruntime.InferenceSession(
        file, providers=['CPUExecutionProvider']
    )
    return lambda image, box: session.run(None, dict(image=image, box=box))[0]


IMAGE_STEPS: dict[str, Callable] = dict(
    grabcut=grabcut, slic=slic, segmenter=segmenter
)
