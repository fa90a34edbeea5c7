"""From which number the pixels of a VOC annotation count."""

from .formats import Box, VOCImage

__all__ = ['continuous', 'voc_origin']


def voc_origin(images: list[VOCImage]) -> tuple[int, str]:
    """Tell whether VOC annotations count pixels from 0 or from 1.

    Args:
        images (list[VOCImage]): All of a data set.

    Returns:
        tuple: 0 or 1, and why, as a sentence for a person. ILSVRC and files
        with a corner at 0 count from 0; whatever else is taken for the
        devkit of PASCAL VOC, which counts from 1.
    """
    ilsvrc = ('ilsvrc', 'imagenet')
    if any(word in i.database.lower() for i in images for word in ilsvrc):
        return 0, 'The files are from ILSVRC, which counts pixels from 0.'
    for image in images:
        for box in image.boxes:
            if min(box.xyxy) <= 0:
                return 0, f'Pixels count from 0: {box.source} has a corner 0.'
    return 1, 'Pixels count from 1, as in the devkit of PASCAL VOC.'


def continuous(boxes: list[Box], origin: int) -> list[Box]:
    """Corners from inclusive pixels that count from ``origin``."""
    return [
        Box((x0 - origin, y0 - origin, x1 + 1 - origin, y1 + 1 - origin), at)
        for (x0, y0, x1, y1), at in boxes
    ]
