"""Refuse a pipeline that would not move boxes, before it runs.

A rotation keeps the shape of the image, so nothing at run time can tell that
the boxes have not moved. So there is an allow list of transforms that only
change colours and of transforms that move boxes.
"""

from collections.abc import Iterable, Iterator

from mmcv import transforms as mmcv_transforms
from mmpretrain.datasets import transforms as mmpretrain_transforms
from mmpretrain.datasets.transforms import PackInputs, ResizeEdge

from .geometry import LocTransform
from .loading import LoadLocImage
from .packing import BOX_KEYS, PackLocInputs

PIXEL_ONLY = tuple(
    getattr(module, name)
    for module, names in (
        (mmcv_transforms, 'Normalize RandomGrayscale'),
        (
            mmpretrain_transforms,
            'AutoContrast Brightness ColorJitter ColorTransform Contrast '
            'Cutout Equalize GaussianBlur Invert Lighting Posterize '
            'RandomErasing Sharpness Solarize SolarizeAdd',
        ),
    )
    for name in names.split()
)
WRAPPERS = (
    mmcv_transforms.Compose,
    mmcv_transforms.RandomApply,
    mmcv_transforms.RandomChoice,
)
REPLACEMENTS = {
    'LoadImageFromFile': 'mmspg.LoadLocImage',
    'Resize': 'mmspg.LocResize',
    'ResizeEdge': 'mmspg.LocResizeEdge',
    'RandomResize': 'mmspg.LocResize',
    'RandomCrop': 'mmspg.LocRandomCrop',
    'CenterCrop': 'mmspg.LocCenterCrop',
    'EfficientNetCenterCrop': 'mmspg.LocResizeEdge, mmspg.LocCenterCrop',
    'RandomResizedCrop': 'mmspg.LocResize, mmspg.LocRandomCrop',
    'EfficientNetRandomCrop': 'mmspg.LocResize, mmspg.LocRandomCrop',
    'RandomFlip': 'mmspg.LocRandomFlip',
    'PackInputs': 'mmspg.PackLocInputs',
}
MOVING = REPLACEMENTS.keys() - {'LoadImageFromFile', 'PackInputs'}


def leaves(transforms: Iterable) -> Iterator:
    """Yield the transforms inside wrappers (Compose, TestTimeAug, ...)."""
    for transform in transforms:
        inner = getattr(transform, 'subroutines', None)  # TestTimeAug
        if inner is None and isinstance(transform, WRAPPERS):
            inner = transform.transforms
        if inner is None and type(transform).__module__.startswith(
            'mmengine.'
        ):  # mmengine's own Compose
            inner = getattr(transform, 'transforms', None)
        if inner is None:
            yield transform
        else:
            yield from leaves(
                inner if isinstance(inner, (list, tuple)) else [inner]
            )


def keeps_boxes(transform) -> bool:
    """Tell whether a transform keeps right boxes right."""
    return (
        isinstance(transform, (LoadLocImage, LocTransform, PackLocInputs))
        or type(transform) in PIXEL_ONLY
        or getattr(transform, 'keeps_geometry', False)
    )


def check_pipeline(transforms: Iterable) -> None:
    """Refuse a pipeline whose packed boxes would silently be wrong.

    A pipeline that packs no boxes is not restricted. If a transform of your
    own only changes colours, give its class ``keeps_geometry = True``. If it
    moves pixels, let it inherit :class:`LocTransform`.

    Args:
        transforms (Iterable): Built transforms, including wrappers.

    Raises:
        ValueError: A transform is not allowed. The message names it and its
            replacement. Or the loader's ``min_side`` is less than what the
            images are resized to.
    """
    transforms = list(leaves(transforms))
    _check_min_side(transforms)
    if not any(
        isinstance(t, PackInputs)
        and set(BOX_KEYS) & {*t.algorithm_keys, *t.meta_keys}
        for t in transforms
    ):
        return
    for transform in transforms:
        if keeps_boxes(transform):
            continue
        name = type(transform).__name__
        mend = 'Remove it. If it only changes colours, give its class '
        mend += 'keeps_geometry = True'
        if name in REPLACEMENTS:
            mend = f'Use {REPLACEMENTS[name]} instead'
        raise ValueError(
            f'the pipeline packs boxes, but {name} would not move them (or '
            f'not the homography) with the image. {mend}. These transforms '
            'are right: mmspg.LocResize, LocResizeEdge, LocRandomCrop, '
            'LocCenterCrop, LocCrop, LocRandomFlip, and the colour transforms '
            f'{sorted(t.__name__ for t in PIXEL_ONLY)}.'
        )


def _check_min_side(transforms: list) -> None:
    """Refuse to read images smaller than they are used."""
    side = next((getattr(t, 'min_side', None) for t in transforms), None)
    if not side:
        return
    moving = (t for t in transforms[1:] if _needs_size(t))
    resize = next(moving, None)
    scale = getattr(resize, 'scale', None)
    if isinstance(resize, (mmcv_transforms.Resize, ResizeEdge)) and scale:
        sides = scale if isinstance(scale, tuple | list) else [scale]
        kept = getattr(resize, 'keep_ratio', False)
        needed = min(sides) if kept else max(sides)
        if needed <= side:
            return
        why = f'resizes to {needed}. Set min_side={2 * needed}'
    else:
        why = (
            'resizes to no fixed size. Leave out min_side'
            if resize is None
            else f'begins with {type(resize).__name__}. Leave out min_side'
        )
    raise ValueError(
        f'LoadLocImage(min_side={side}) may read an image with a side of '
        f'{side} pixels, but the pipeline {why}.'
    )


def _needs_size(transform) -> bool:
    """Tell whether a transform depends on the size of its image."""
    name = type(transform).__name__
    return 'Flip' not in name and (
        isinstance(transform, LocTransform) or name in MOVING
    )
