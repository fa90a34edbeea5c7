"""Put images into a data set such that every program sees them alike."""

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
# The formats that every reader of these data sets opens, with the suffixes
# that belong to them.
SUFFIXES = {
    'BMP': {'.bmp'},
    'JPEG': {'.jpg', '.jpeg'},
    'PNG': {'.png'},
    'WEBP': {'.webp'},
}
QUALITY = 95
DEPTH = 24  # where a PNG says how many bits a channel has


def is_plain(path: str) -> bool:
    """Whether every program sees the same image in a file.

    Many programs ignore the EXIF orientation, and some choose a decoder by
    the name of the file. They show transparent pixels and CMYK colours in
    different ways, take 16 bits for white, or the numbers of a palette's
    colours for grey.

    Args:
        path (str): An image file that is known to be readable.
    """
    with open(path, 'rb') as file, open_image(file, path) as image:
        suffixes = SUFFIXES.get(image.format or '', ())
        if (
            os.path.splitext(path)[1].lower() not in suffixes
            or image.mode not in ('L', 'RGB')
            or 'transparency' in image.info
            or image.getexif().get(ORIENTATION, 1) != 1
        ):
            return False
        # Pillow does not say that it drops half of the bits of RGB.
        file.seek(DEPTH)
        return image.format != 'PNG' or file.read(1) == b'\x08'


def place(
    image: LabelledImage,
    folder: Path,
    how: str = 'link',
    jpeg_only: bool = False,
) -> str:
    """Link or copy an image into a folder.

    An image that programs would see in different ways is saved upright
    instead: as a JPEG if it is one, and otherwise as a PNG.

    Args:
        image (LabelledImage): The image.
        folder (Path): The folder, which must exist.
        how (str): 'link' or 'copy'. Defaults to 'link'.
        jpeg_only (bool): Whether to save images of other formats as JPEG,
            and to let all names end in '.jpg'. Defaults to False.

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
    if pixels.shape[1::-1] != image.size:  # very large ones are read smaller
        pixels = cv2.resize(pixels, image.size)
    settings = [cv2.IMWRITE_JPEG_QUALITY, QUALITY] if suffix == '.jpg' else []
    file.write_bytes(cv2.imencode(suffix, pixels, settings)[1].tobytes())
    return file.name


def _link(path: str, file: Path) -> None:
    """Make a hard link, or a symbolic link if that is not possible.

    Some readers refuse symbolic links that lead out of the folder of images.
    A hard link avoids that, but cannot lead to another disk.
    """
    try:
        os.link(path, file)
    except OSError:
        os.symlink(path, file)
