"""Draw one image of the embedded data set from numbers alone.

A fish swims over a textured ground. All fish have similar colours and
stripes. The species differ only in the hue of a small mark behind the gill,
which covers about 6 % of the fish. So a small part tells the class, while the
box must contain the whole body with fins and tail. Pebbles of every mark's
hue lie around, so a hue tells the class only if it is on a fish.

A drawing is a pure function of (seed, split, index) and the sizes. It is the
same on every machine and in every process, whichever images were drawn
before. The comparison of methods in docs/ relies on this, so the drawings
must stay as they are; VERSION counts the changes. Only NumPy draws, since
OpenCV's rasteriser differs between its versions.
"""

import colorsys
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode

import numpy as np

SCHEME = 'synthetic:'
VERSION = 1
SPLITS = ('train', 'val', 'test')
MAX_CLASSES = 12  # so the hues differ by more than their noise
_OVERSAMPLING = 2


class Drawing(NamedTuple):
    """A drawn image.

    ``img`` ``(side, side, 3)`` uint8 in B, G, R; ``mask`` ``(side, side)``
    bool, the fish; ``mark`` ``(side, side)`` bool, the telling part.
    """

    img: np.ndarray
    mask: np.ndarray
    mark: np.ndarray


class Fish(NamedTuple):
    """A fish: its frame in the image, and its proportions in the frame.

    The origin of the frame is the middle of the fish. u points to the head,
    v points across, and the unit is half of the fish's length.
    """

    center: np.ndarray
    half_length: float
    angle: float
    height: float  # of the torso: its half axis across
    tail: float  # half height of the tail fin at its end
    fin: float  # how far the back fin rises
    mark_u: float
    mark_v: float
    mark_radius: float


def _rng(seed: int, split: str, index: int) -> np.random.Generator:
    key = [seed, SPLITS.index(split), index, VERSION]
    return np.random.default_rng(np.random.SeedSequence(key))


def _draw_fish(rng: np.random.Generator) -> Fish:
    """Draw the geometry, in units of the image's side."""
    half_length = rng.uniform(0.24, 0.44)
    angle = rng.uniform(0, 2 * np.pi)
    height = rng.uniform(0.26, 0.46)
    # Keep the box of the frame inside the image.
    reach_u, reach_v = half_length, half_length * (height + 0.2)
    cos, sin = abs(np.cos(angle)), abs(np.sin(angle))
    room = 0.5 - np.array(
        [reach_u * cos + reach_v * sin, reach_u * sin + reach_v * cos]
    )
    center = 0.5 + np.maximum(room, 0) * rng.uniform(-1, 1, 2)
    return Fish(
        center,
        half_length,
        angle,
        height,
        rng.uniform(0.3, 0.5),
        rng.uniform(0.08, 0.2),
        rng.uniform(0.3, 0.5),
        rng.uniform(-0.1, 0.1),
        rng.uniform(0.13, 0.17),
    )


@lru_cache(maxsize=8)
def _grid(side: int) -> tuple[np.ndarray, ...]:
    """Centres of the oversampled pixels in units of the side, ``(n, n)``."""
    n = side * _OVERSAMPLING
    return np.meshgrid(*[(np.arange(n, dtype=np.float32) + 0.5) / n] * 2)


def _frame(fish: Fish, side: int):
    """Coordinates (u, v) of every oversampled pixel, two ``(n, n)``."""
    x, y = _grid(side)
    dx, dy = x - np.float32(fish.center[0]), y - np.float32(fish.center[1])
    cos, sin = (
        np.float32(f(fish.angle) / fish.half_length) for f in (np.cos, np.sin)
    )
    return dx * cos + dy * sin, dy * cos - dx * sin


def _ellipse(u, v, center_u, center_v, axis_u, axis_v):
    return (
        ((u - np.float32(center_u)) / np.float32(axis_u)) ** 2
        + ((v - np.float32(center_v)) / np.float32(axis_v)) ** 2
    ) < 1


def _outline(fish: Fish, u, v):
    """Draw torso, tail fin, back and belly fin, ``(n, n)`` bool."""
    torso = _ellipse(u, v, 0.22, 0, 0.78, fish.height)
    # The tail is a fan that opens towards its end and has a notch.
    along = np.clip((-0.3 - u) / 0.7, 0, 1)
    tail = (
        (u > -1 + 0.18 * (1 - np.abs(v) / np.float32(fish.tail)))
        & (u < -0.3)
        & (np.abs(v) < along * np.float32(fish.tail))
    )
    back = _ellipse(u, v, 0.1, -fish.height, 0.38, fish.fin)
    belly = _ellipse(u, v, 0.0, fish.height, 0.2, 0.7 * fish.fin)
    return torso | tail | back | belly


def _coverage(shape) -> np.ndarray:
    """Share of each pixel that an oversampled ``shape`` covers, (h, w)."""
    k = _OVERSAMPLING
    rows, cols = shape.shape
    return shape.reshape(rows // k, k, cols // k, k).mean(
        axis=(1, 3), dtype=np.float32
    )


@lru_cache(maxsize=64)
def _spread(cells: int, side: int) -> np.ndarray:
    """Matrix ``(side, cells)`` of a linear interpolation along one axis."""
    at = np.linspace(0, cells - 1, side, dtype=np.float32)
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(cells)))


def _noise(rng, cells: int, side: int) -> np.ndarray:
    """Smooth noise in [-1, 1], ``(side, side)``, on ``cells`` squared."""
    matrix = _spread(cells, side).astype(np.float32)
    return (
        matrix
        @ rng.uniform(-1, 1, (cells, cells)).astype(np.float32)
        @ matrix.T
    )


def _bgr(hue: float, saturation: float, value: float) -> np.ndarray:
    rgb = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return np.array(rgb[::-1], np.float32)


def _ground(rng, side: int) -> np.ndarray:
    """Sea floor, ``(side, side, 3)`` in [0, 1]: cool, dull, uneven."""
    light = 0.22 * _noise(rng, 4, side) + 0.16 * _noise(rng, 13, side)
    color = _bgr(
        rng.uniform(0.3, 0.62), rng.uniform(0.1, 0.4), rng.uniform(0.35, 0.7)
    )
    other = _bgr(
        rng.uniform(0.3, 0.62), rng.uniform(0.1, 0.4), rng.uniform(0.35, 0.7)
    )
    blend = 0.5 + 0.5 * _noise(rng, 5, side)[..., None]
    return (color * blend + other * (1 - blend)) * (1 + light)[..., None]


def _skin(rng, u, v, side: int) -> np.ndarray:
    """Skin of the family, ``(side, side, 3)``: warm, pale, banded."""
    k = _OVERSAMPLING
    u, v = u[::k, ::k], v[::k, ::k]
    bands = np.sin(
        np.float32(rng.uniform(9, 15)) * (u + 0.3 * v * v)
        + np.float32(rng.uniform(0, 6.3))
    )
    light = 1 + 0.2 * bands - 0.12 * v + 0.08 * _noise(rng, 9, side)
    color = _bgr(
        rng.uniform(0.06, 0.13),
        rng.uniform(0.25, 0.45),
        rng.uniform(0.6, 0.85),
    )
    return color * light[..., None]


def mark_color(rng, label: int, num_classes: int) -> np.ndarray:
    """Colour ``(3,)`` of a species' mark: its hue, a little off."""
    hue = (label + 0.25 * rng.uniform(-0.5, 0.5)) / num_classes
    return _bgr(hue, rng.uniform(0.75, 1), rng.uniform(0.7, 1))


def _pebbles(rng, img, num_classes: int) -> None:
    """Lay one pebble of every mark's hue (and size) on the ground."""
    side = len(img)
    x, y = (axis[::_OVERSAMPLING, ::_OVERSAMPLING] for axis in _grid(side))
    for label in range(num_classes):
        (u, v), radius = rng.uniform(0, 1, 2), rng.uniform(0.03, 0.06)
        color = mark_color(rng, label, num_classes)
        img[_ellipse(x, y, u, v, radius, radius * rng.uniform(0.7, 1))] = color


def _paint(img, cover, color) -> None:
    """Lay ``color`` over ``img`` in place, where ``cover`` (h, w) says."""
    img += cover[..., None] * (color - img)


def draw_mask(seed: int, split: str, index: int, side: int) -> np.ndarray:
    """Draw the fish's mask, ``(side, side)`` bool, which gives the box."""
    fish = _draw_fish(_rng(seed, split, index))
    return _coverage(_outline(fish, *_frame(fish, side))) >= 0.5


def draw(
    seed: int, split: str, index: int, side: int, num_classes: int
) -> Drawing:
    """Draw image ``index`` of a split. Its class is index % num_classes.

    Args:
        seed (int): Seed of the data set.
        split (str): 'train', 'val' or 'test'.
        index (int): Number of the image in the split.
        side (int): Side of the square image in pixels.
        num_classes (int): Number of species, 2 to 12.

    Returns:
        Drawing: Image, mask of the fish and mask of its mark.
    """
    rng = _rng(seed, split, index)
    fish = _draw_fish(rng)
    u, v = _frame(fish, side)
    cover = _coverage(_outline(fish, u, v))
    mark = _coverage(
        _ellipse(
            u, v, fish.mark_u, fish.mark_v, fish.mark_radius, fish.mark_radius
        )
    )
    eye = _coverage(_ellipse(u, v, 0.76, -0.3 * fish.height, 0.07, 0.07))

    img = _ground(rng, side)
    _pebbles(rng, img, num_classes)
    _paint(img, cover, _skin(rng, u, v, side))
    _paint(img, eye, np.full(3, 0.05, np.float32))
    _paint(img, mark, mark_color(rng, index % num_classes, num_classes))
    img += 0.04 * rng.standard_normal((side, side, 1), np.float32)
    img = (np.clip(img, 0, 1) * 255).astype(np.uint8)
    return Drawing(img, cover >= 0.5, mark >= 0.5)


def box_of(mask: np.ndarray) -> np.ndarray:
    """Tight box of a mask: continuous corners ``(1, 4)`` float32."""
    x, y = (np.flatnonzero(mask.any(axis=axis)) for axis in (0, 1))
    return np.array([[x[0], y[0], x[-1] + 1, y[-1] + 1]], np.float32)


def address(
    seed: int, split: str, index: int, side: int, num_classes: int
) -> str:
    """Write the drawing's arguments as an ``img_path``.

    Example:
        >>> address(0, 'val', 7, 64, 4)
        'synthetic:seed=0&split=val&index=7&side=64&num_classes=4'
    """
    fields = dict(seed=seed, split=split, index=index, side=side)
    return SCHEME + urlencode(fields | dict(num_classes=num_classes))


def draw_from_address(path: str) -> Drawing:
    """Draw what an :func:`address` says.

    Raises:
        ValueError: The address is malformed or incomplete.
    """
    fields = {k: v[0] for k, v in parse_qs(path[len(SCHEME) :]).items()}
    try:
        split = fields.pop('split')
        return draw(split=split, **{k: int(v) for k, v in fields.items()})
    except (KeyError, TypeError, ValueError) as e:
        raise ValueError(
            f'not an address of a synthetic image: {path!r}; '
            f'one is {address(0, "val", 7, 64, 4)!r}.'
        ) from e
