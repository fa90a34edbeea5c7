"""Files and pictures for small data trees, written by hand."""

import numpy as np
from PIL import Image


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def picture(path, size=(60, 40), seed=0):
    """Save a noisy picture of ``size`` (w, h)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(pixels).save(path, 'JPEG')
    return path


def voc(size, *objects):
    """An annotation as ILSVRC writes it."""
    items = ''.join(
        f'<object>\n<name>{name}</name>\n<bndbox>\n<xmin>{x0}</xmin>\n'
        f'<ymin>{y0}</ymin>\n<xmax>{x1}</xmax>\n<ymax>{y1}</ymax>\n'
        '</bndbox>\n</object>\n'
        for name, x0, y0, x1, y1 in objects
    )
    return (
        f'<annotation>\n<size>\n<width>{size[0]}</width>\n'
        f'<height>{size[1]}</height>\n</size>\n{items}</annotation>\n'
    )
