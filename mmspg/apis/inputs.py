"""What an inferencer can be given, as a stream of loaded images."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import mmcv
import numpy as np

from mmspg.datasets.images import max_pixels, read_copy
from mmspg.datasets.walk import describe, tell, walk


def list_inputs(inputs) -> tuple[Iterable, str]:
    """One item an image, from whatever was given.

    Args:
        inputs (str | Path | ndarray | Iterable): A file, an address, a
            folder (its images, those of folders in it too, by name; see
            `mmspg.datasets.walk.walk`), an array, or a list or generator of
            files and arrays. Generators are not run ahead.

    Returns:
        tuple: Paths and arrays, a list unless a generator was given; and
        the folder that their names are relative to, or ''.

    Raises:
        FileNotFoundError: A folder without an image.
        TypeError: Neither of these.
    """
    if isinstance(inputs, (str, os.PathLike)):
        path = os.fspath(inputs)
        if os.path.isdir(path):
            return _files(path), path
        return [path], os.path.dirname(path) if os.path.isfile(path) else ''
    if isinstance(inputs, np.ndarray):
        return [inputs], ''
    if isinstance(inputs, Iterable):
        return inputs, ''
    raise TypeError(
        'an image path, a folder, an array, or a list or generator of paths '
        f'and arrays was expected, got {type(inputs).__name__}'
    )


def _files(path: str) -> list[str]:
    """List a folder; what is named like an image is read, or an error."""
    found = walk(path, by_name=True)
    tell(found.left_out)
    if not found.images:
        raise FileNotFoundError(
            '\n'.join(
                [
                    f'no image in the folder {path}',
                    *describe(found.left_out),
                ]
            )
        )
    return [os.path.join(path, name) for name in found.images]


def load_inputs(
    items: Iterable, root: str = ''
) -> Iterator[tuple[dict, Exception | None]]:
    """Load one image after the other.

    Args:
        items (Iterable): Of `list_inputs`.
        root (str): Likewise.

    Yields:
        tuple: ``img_id`` (the path from the root, or the position in the
        input), for a file ``img_path``, and ``img``, ``(h, w, 3)`` uint8 in
        B, G, R as a person sees it: turned by EXIF, transparent parts on
        ImageNet's mean colour. A very large JPEG is read at a part of its
        size; ``whole_size`` is then its own (w, h). Then None, or the error
        instead of ``img``.
    """
    for i, item in enumerate(items):
        is_path = isinstance(item, (str, os.PathLike))
        info: dict[str, Any] = dict(img_id=str(i))
        if is_path:
            path = info['img_id'] = info['img_path'] = os.fspath(item)
            if root:
                info['img_id'] = Path(path).relative_to(root).as_posix()
        try:
            if is_path:
                info['img'], (w, h) = read_copy(path, 'apply')
                if w * h > max_pixels():
                    info['whole_size'] = w, h
            else:
                info['img'] = check_array(item, i)
        except OSError as error:  # UnreadableImageError is one
            yield info, error
        else:
            yield info, None


def check_array(array, index: int = 0) -> np.ndarray:
    """Accept an image in memory.

    Args:
        array (ndarray): ``(h, w, 3)`` or ``(h, w)`` uint8, colours in
            OpenCV's order B, G, R.
        index (int): Which input it is, for the message.

    Returns:
        ndarray: ``(h, w, 3)``.

    Raises:
        TypeError: No array.
        ValueError: Of another shape or type.
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(
            f'input {index}: a path or an array was expected, got '
            f'{type(array).__name__}'
        )
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.dtype != np.uint8 or not (
        array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)
    ):
        raise ValueError(
            f'input {index}: an (h, w, 3) or (h, w) uint8 array in B, G, R '
            f'was expected, got {array.dtype} of shape {array.shape}. Convert '
            'it, or give the path of the file, of which all kinds are read'
        )
    if not array.size:
        raise ValueError(f'input {index}: the image has no pixel')
    return mmcv.gray2bgr(array) if array.ndim == 2 else array


def on_whole_image(result: dict, info: dict) -> dict:
    """Bring boxes to the pixels of an image that was read reduced.

    Args:
        result (dict): Of the inferencer; changed in place. A score map stays
            as it is.
        info (dict): Of `load_inputs`.

    Returns:
        dict: The result.
    """
    if 'whole_size' not in info:
        return result
    scale = np.divide(info['whole_size'], result['size'])
    for place in (*result['locations'], result):
        for key in ('box', 'boxes'):
            if key in place:
                place[key] = _scaled(place[key], scale).tolist()
    result['size'] = info['whole_size']
    return result


def _scaled(boxes, scale: np.ndarray) -> np.ndarray:
    """Scale inclusive corners; zeros, which are no box, stay zeros."""
    boxes = np.array(boxes, int)
    corners = boxes.reshape(-1, 2, 2) + [[0, 0], [1, 1]]
    scaled = np.rint(corners * scale).astype(int) - [[0, 0], [1, 1]]
    scaled[~boxes.reshape(-1, 4).any(axis=1)] = 0
    return scaled.reshape(boxes.shape)
