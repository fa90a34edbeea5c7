"""Bring images into a written data set, as every program will see them."""

import os
import shutil
from pathlib import Path

import cv2

from mmspg.datasets.images.file_formats import open_image
from mmspg.datasets.images.headers import ORIENTATION
from mmspg.datasets.images.reading import read_image

from .records import LabelledImage

__all__ = ['HOW', 'is_plain', 'place']

HOW = ('link', 'copy')
# What every reader of these data sets opens, by the names that say so.
SUFFIXES = {
    'BMP': {'.bmp'},
    'JPEG': {'.jpg', '.jpeg'},
    'PNG': {'.png'},
    'WEBP': {'.webp'},
}
QUALITY = 95


def is_plain(path: str) -> bool:
    """Whether every program sees the same image in a file.

    Many do not turn an image as its EXIF data say, and some choose a decoder
    by the name of the file.

    Args:
        path (str): An image that could be read.
    """
    with open(path, 'rb') as file, open_image(file, path) as image:
        suffixes = SUFFIXES.get(image.format or '', ())
        return (
            os.path.splitext(path)[1].lower() in suffixes
            and image.getexif().get(ORIENTATION, 1) == 1
        )


def place(
    image: LabelledImage,
    folder: Path,
    how: str = 'link',
    jpeg_only: bool = False,
) -> str:
    """Link or copy an image into a folder.

    One that programs would see in different ways is saved upright, as a JPEG
    if it was one, and else as a PNG.

    Args:
        image (LabelledImage): The image.
        folder (Path): Is there.
        how (str): 'link' or 'copy'. Defaults to 'link'.
        jpeg_only (bool): Save every image that is no JPEG as one, and end
            all names in '.jpg'. Defaults to False.

    Returns:
        str: The name of the file.

    Raises:
        OSError: The image is no longer there, or the disk is full.
    """
    own = os.path.splitext(image.path)[1]
    jpeg = own.lower() in SUFFIXES['JPEG']
    if image.plain and (jpeg or not jpeg_only):
        file = folder / f'{image.stem}{".jpg" if jpeg_only else own}'
        if how == 'copy':
            shutil.copyfile(image.path, file)
        else:
            _link(os.path.realpath(image.path), file)
        return file.name
    suffix = '.jpg' if jpeg or jpeg_only else '.png'
    file = folder / f'{image.stem}{suffix}'
    pixels = read_image(image.path, exif='apply')
    if pixels.shape[1::-1] != image.size:  # a very large one, read reduced
        pixels = cv2.resize(pixels, image.size)
    settings = [cv2.IMWRITE_JPEG_QUALITY, QUALITY] if suffix == '.jpg' else []
    file.write_bytes(cv2.imencode(suffix, pixels, settings)[1].tobytes())
    return file.name


def _link(path: str, file: Path) -> None:
    """Link so that readers find a file in its own folder, if one can.

    Some refuse links that lead out of the folder of the images. A hard link
    does not, but leads to no other disk.
    """
    try:
        os.link(path, file)
    except OSError:
        os.symlink(path, file)
