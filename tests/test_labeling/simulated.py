"""Folders of small images, and a predictor that knows their boxes."""

import hashlib
import io

import cv2
import numpy as np
from PIL import Image

CLASSES = ('Blaumeise, groß', 'crane', 'zwei Wörter', 'crane', "o'<b>&")
SIZES = ((40, 30), (97, 61), (33, 50))


def numbers(name, count):
    """Numbers in [0, 1) that depend on a name."""
    digest = hashlib.md5(name.encode()).digest()
    return np.frombuffer(digest, np.uint8)[:count] / 256


def boxes_in(name, size):
    """What the predictor finds: label, score and box of none to three."""
    found = []
    for i in range(int(4 * numbers(name, 1)[0])):
        a, b, c, d, label, score = numbers(f'{name} {i}', 6)
        x0, y0 = int(a * (size[0] - 4)), int(b * (size[1] - 4))
        x1 = x0 + int(c * (size[0] - 1 - x0))
        y1 = y0 + int(d * (size[1] - 1 - y0))
        if x1 or y1:  # zeros are no box
            box = [x0, y0, x1, y1]
            found.append((int(5 * label), float(score), box))
    return found


def make_images(root, count, folders=('',)):
    """Write JPEGs and PNGs with names that are hard to write down."""
    contents = []
    for size, suffix in zip(SIZES, ('.jpg', '.png', '.JPEG'), strict=True):
        pixels = np.full((*size[::-1], 3), 90, np.uint8)
        contents.append((cv2.imencode(suffix, pixels)[1].tobytes(), suffix))
    for folder in folders:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for i in range(count):
        content, suffix = contents[i % 3]
        name = f'Vögel, {i} #1&2{suffix}'
        (root / folders[i % len(folders)] / name).write_bytes(content)


class Finder:
    """Stands for `LocalizationInferencer`."""

    def __init__(self, root):
        self.root = root
        self.looked_at = []
        self.unreadable = {}

    def stream(self, paths, label=None, **_):
        self.unreadable = {}
        for path in paths:
            self.looked_at.append(path)
            try:
                with Image.open(path) as image:
                    turned = image.getexif().get(0x0112, 1) > 4
                    size = image.size[::-1] if turned else image.size
            except OSError as error:
                self.unreadable[path] = str(error)
                continue
            name = path[len(str(self.root)) + 1 :]
            places = [
                dict(label=found, score=score, box=box)
                for found, score, box in boxes_in(name, size)
            ] or [dict(label=0, score=0.1, box=[0, 0, 0, 0])]
            yield dict(img_path=path, size=size, locations=places)


def turned_jpeg(size, orientation):
    """A JPEG that shows ``size`` pixels once it is turned, and its bytes."""
    pixels = np.random.default_rng(0).integers(0, 255, (3, 4, 3), np.uint8)
    image = Image.fromarray(pixels).resize(size[::-1])
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    image.save(file, 'JPEG', exif=exif, quality=95)
    return file.getvalue()
