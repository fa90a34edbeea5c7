"""Turn what an inferencer can be given into a stream of loaded images."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import mmcv
import numpy as np
import torch
from PIL import Image, ImageOps

from mmspg.datasets.images.reading import (
    decode_copy,
    max_pixels,
    read_copy,
    to_rgb,
)
from mmspg.datasets.images.walk import describe, tell, walk
from mmspg.utils.warn import warn

UNREADABLE = ('raise', 'skip')


def list_inputs(inputs, leave_out=()) -> tuple[Iterable, str]:
    """List the images of an input, whatever its kind.

    Args:
        inputs: A file, an address (``https://``, ``file://``), a folder, an
            image in memory (see `load_inputs`), or a list or generator of
            files and images. A folder stands for its images and those of the
            folders in it, sorted by name (see
            `mmspg.datasets.images.walk.walk`). A generator is not run ahead.
        leave_out (Iterable[str]): Folders in a folder that are not looked
            at, for example folders of earlier results.

    Returns:
        tuple: The images, as a list unless a generator was given; and the
        folder that their names are relative to, or ''.

    Raises:
        FileNotFoundError: The folder has no image.
        TypeError: The input is of none of these kinds.
    """
    if isinstance(inputs, (str, os.PathLike)):
        path = _local(os.fspath(inputs))
        if os.path.isdir(path):
            return _files(path, leave_out), path
        return [path], os.path.dirname(path) if os.path.isfile(path) else ''
    batch = isinstance(inputs, torch.Tensor) and inputs.ndim == 4
    if _in_memory(inputs) and not batch:
        return [inputs], ''
    if isinstance(inputs, Iterable):
        return inputs, ''
    raise TypeError(
        'expected an image path, a folder, an image in memory, or a list or '
        f'generator of paths and images, got {type(inputs).__name__}'
    )


def _in_memory(item) -> bool:
    kinds = (np.ndarray, torch.Tensor, Image.Image, bytes, bytearray)
    return isinstance(item, kinds) or hasattr(item, 'read')


def _local(path: str) -> str:
    """Give the path of a ``file://`` address; leave other texts alone."""
    if not path.startswith('file://'):
        return path
    parts = urlsplit(path)
    if parts.netloc not in ('', 'localhost') or not parts.path:
        raise ValueError(
            f'{path!r} is not the address of a file on this machine: write '
            'file:///FOLDER/FILE'
        )
    return url2pathname(parts.path)


def _files(path: str, leave_out) -> list[str]:
    """List a folder. A file with the name of an image must be one."""
    found = walk(path, leave_out, by_name=True)
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
    items: Iterable, root: str = '', channel_order: str = 'bgr'
) -> Iterator[tuple[dict, Exception | None]]:
    """Load one image after the other.

    Args:
        items (Iterable): From `list_inputs`. An item is a path, an address,
            an array ``(h, w, 3)`` or ``(h, w)`` uint8, an image of Pillow,
            the bytes or the open binary file of an image file, or a tensor
            in R, G, B as torchvision reads it: ``(3, h, w)`` or
            ``(1, h, w)``, uint8 or floats in [0, 1].
        root (str): From `list_inputs`: the folder that names are relative to.
        channel_order (str): Channel order of arrays: 'bgr', as OpenCV reads
            images, or 'rgb'. Defaults to 'bgr'.

    Yields:
        tuple: A dict and None, or a dict without ``img`` and the error. The
        dict has ``img_id``, the path from the root or the position in the
        input; ``img_path`` for a file; and ``img``, ``(h, w, 3)`` uint8 in
        B, G, R as a person sees it: turned by EXIF, with transparent parts
        in ImageNet's mean colour. A very large JPEG is read at a part of its
        size; ``whole_size`` is then its own (w, h).

    Raises:
        TypeError: An item is of none of these kinds.
        ValueError: An array or a tensor has another shape, type or range, or
            ``channel_order`` is unknown.
    """
    if channel_order not in ('bgr', 'rgb'):
        raise ValueError(
            f"channel_order must be 'bgr' or 'rgb', got {channel_order!r}"
        )
    for i, item in enumerate(items):
        is_path = isinstance(item, (str, os.PathLike))
        info: dict[str, Any] = dict(img_id=str(i))
        if is_path:
            path = _local(os.fspath(item))
            info['img_id'] = info['img_path'] = path
            if root:
                info['img_id'] = Path(path).relative_to(root).as_posix()
        try:
            if is_path:
                info['img'], (w, h) = read_copy(path, 'apply')
            else:
                info['img'], (w, h) = _read(item, i, channel_order)
            if w * h > max_pixels() and info['img'].shape[:2] != (h, w):
                info['whole_size'] = w, h
        except OSError as error:  # UnreadableImageError is one
            yield info, error
        else:
            yield info, None


def readable(
    loaded: Iterable[tuple[dict, Exception | None]],
    unreadable: str,
    faults: dict[str, str],
) -> Iterator[dict]:
    """Give the images that could be read.

    Args:
        loaded (Iterable): Of `load_inputs`.
        unreadable (str): One of `UNREADABLE`: raise the error of one that
            could not, or skip it with a warning.
        faults (dict): Gets the name and the error of one that is skipped.

    Raises:
        UnreadableImageError: With 'raise'.
        ValueError: Another value of ``unreadable``.
    """
    if unreadable not in UNREADABLE:
        raise ValueError(
            f'unreadable must be one of {UNREADABLE}, got {unreadable!r}'
        )
    for info, error in loaded:
        if error is None:
            yield info
        elif unreadable == 'raise':
            raise error
        else:
            faults[info['img_id']] = str(error)
            warn(f'left out: {error}')


def _read(item, index: int, channel_order: str):
    """Give an image in memory as B, G, R, and its size (w, h)."""
    name = f'input {index}'
    if hasattr(item, 'read') and not isinstance(item, Image.Image):
        item = item.read()
        if isinstance(item, str):
            raise TypeError(
                f'{name}: the file is open for text. Open it for bytes: '
                "open(path, 'rb')"
            )
    if isinstance(item, (bytes, bytearray)):
        return decode_copy(bytes(item), name, 'apply')
    if isinstance(item, Image.Image):
        rgb = np.asarray(to_rgb(ImageOps.exif_transpose(item), name))
        image = rgb[..., ::-1]
    elif isinstance(item, torch.Tensor):
        image = _from_tensor(item, index)[..., ::-1]
    else:
        image = check_array(item, index)
        if channel_order == 'rgb':
            image = image[..., ::-1]
    return np.ascontiguousarray(image), image.shape[1::-1]


def _from_tensor(tensor: torch.Tensor, index: int) -> np.ndarray:
    """Turn a tensor into ``(h, w, 3)`` uint8 R, G, B."""
    tensor = tensor.detach().cpu()
    wrong = f'{tensor.dtype} of shape {tuple(tensor.shape)}'
    if tensor.ndim == 3 and tensor.shape[0] in (1, 3) and tensor.numel():
        if tensor.is_floating_point():
            low, high = tensor.min().item(), tensor.max().item()
            if 0 <= low <= high <= 1:
                tensor = (tensor * 255).round().to(torch.uint8)
            wrong += f' with values from {low:g} to {high:g}'
        if tensor.dtype == torch.uint8:
            return tensor.permute(1, 2, 0).expand(-1, -1, 3).numpy()
    raise ValueError(
        f'input {index}: expected a tensor (3, h, w) or (1, h, w) in R, G, '
        f'B, uint8 or floats from 0 to 1, got {wrong}. Give the image before '
        'it is normalised'
    )


def check_array(array, index: int = 0) -> np.ndarray:
    """Check an array and give it three channels.

    Args:
        array (ndarray): ``(h, w, 3)`` or ``(h, w)`` uint8, colours in
            OpenCV's order B, G, R.
        index (int): Number of the input, for the message.

    Returns:
        ndarray: ``(h, w, 3)``.

    Raises:
        TypeError: It is not an array.
        ValueError: It has another shape or type.
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(
            f'input {index}: expected a path, an array, a tensor, an image '
            f'of Pillow, bytes or an open file, got {type(array).__name__}'
        )
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.dtype != np.uint8 or not (
        array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)
    ):
        raise ValueError(
            f'input {index}: expected an (h, w, 3) or (h, w) uint8 array, '
            f'got {array.dtype} of shape {array.shape}. Convert it, or give '
            'the path of the image file, which may be of any kind'
        )
    if not array.size:
        raise ValueError(f'input {index}: the image has no pixel')
    return mmcv.gray2bgr(array) if array.ndim == 2 else array


def without_pixels(info: dict) -> dict:
    """Keep of an image in a file what its result needs.

    Args:
        info (dict): Of `load_inputs`. An image in memory stays in it.
    """
    kept = ('img_id', 'img_path', 'whole_size')
    if 'img_path' not in info:
        return info
    return {key: info[key] for key in kept if key in info}


def on_whole_image(result: dict, info: dict) -> dict:
    """Bring boxes to the pixels of an image that was read reduced.

    Args:
        result (dict): A result of the inferencer. Its boxes are changed in
            place, its score maps are not.
        info (dict): What `load_inputs` gave for the image.

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
