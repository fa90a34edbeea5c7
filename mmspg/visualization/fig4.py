"""The paper's Fig. 4: how the guidance is made, stage by stage."""

from collections.abc import Sequence

import cv2
import matplotlib
import numpy as np
import torch
from matplotlib.figure import Figure

from mmspg.evaluation.locate import homography_of, lay_on_image
from mmspg.models.guidance import BACKGROUND, FOREGROUND

from .palette import get_palette
from .sheet_page import grid_page, shorten

TITLES = dict(
    image='image',
    attention='localization map',
    mask_a='Mask-A',
    b2='B2',
    b1='B1',
    c='C',
)
GREY = 128


@torch.no_grad()
def guidance_stages(model, data: dict, labels=None) -> list[dict]:
    """Run the network up to its guidance and lay it on the images.

    Args:
        model (ImageClassifier): A model with `SPGNeck` and `SPGHead`. Its
            training mode is restored.
        data (dict): A batch of the data loader: ``inputs`` and
            ``data_samples``.
        labels (Tensor, optional): ``(N,)`` the class whose map guides. None:
            the samples' ``gt_label``, or the predicted class without one.

    Returns:
        list[dict]: For each image all of `TITLES` except the image, each
        ``(H, W)`` on the stored image. ``attention``, ``b2``, ``b1`` and
        ``c`` are float32 in [0, 1], NaN outside a crop. ``mask_a`` is uint8:
        1, 0, or 255 for pixels that are ignored or outside a crop.

    Raises:
        TypeError: The model has no side branches.
    """
    if not hasattr(model.head, 'guide'):
        raise TypeError(
            'only an SPGHead has the stages of the guidance; this model has '
            f'a {type(model.head).__name__}. Take an SPG config'
        )
    training = model.training
    model.eval()
    try:
        data = model.data_preprocessor(data, False)
        feats, samples = (
            model.extract_feat(data['inputs']),
            data['data_samples'],
        )
        if labels is None:
            labels = _labels(model.head, feats, samples)
        size = model.head.guidance_size or tuple(data['inputs'].shape[-2:])
        stages = model.head.guide(feats, labels, size)
    finally:
        model.train(training)
    for name in ('b2', 'b1', 'c'):
        if name in stages:
            stages[name] = stages[name].sigmoid()
    stages = {
        name: stages[name].cpu().numpy() for name in TITLES if name in stages
    }
    return [
        {name: lay_stage(maps[i], sample) for name, maps in stages.items()}
        for i, sample in enumerate(samples)
    ]


def _labels(head, feats, samples):
    if all('gt_label' in sample for sample in samples):
        labels = torch.cat([sample.gt_label[:1] for sample in samples])
        return labels.to(feats[-1].device)
    return head(feats).argmax(dim=1)


def lay_stage(stage: np.ndarray, sample) -> np.ndarray:
    """Put a stage over the network's input back on the stored image.

    Args:
        stage (ndarray): ``(h, w)``. A uint8 array is resized to the nearest
            neighbour, floats bilinearly.
        sample (DataSample): It has ``ori_shape``, ``img_shape`` and, unless
            the image was only resized, ``homography``.

    Returns:
        ndarray: ``(H, W)``. Outside the input it is NaN or, for uint8, 255.
    """
    is_mask = stage.dtype == np.uint8
    laid = lay_on_image(stage, sample, is_mask, cv2.BORDER_REPLICATE)
    homography, (h, w) = homography_of(sample), sample.img_shape
    x, y = np.arange(laid.shape[1]) + 0.5, np.arange(laid.shape[0]) + 0.5
    inside = np.outer(
        _within(y * homography[1, 1] + homography[1, 2], h),
        _within(x * homography[0, 0] + homography[0, 2], w),
    )
    laid[~inside] = 255 if is_mask else np.nan
    return laid


def _within(at, side):
    return (at > -1e-6) & (at < side + 1e-6)


def paint_stage(stage: np.ndarray, heat: str) -> np.ndarray:
    """Colour a stage: a mask in black, white and grey, a map by heat.

    Args:
        stage (ndarray): ``(H, W)``, from `guidance_stages`.
        heat (str): A colour map of matplotlib.

    Returns:
        ndarray: ``(H, W, 3)`` uint8 RGB, white outside a crop.
    """
    if stage.dtype == np.uint8:
        painted = np.full(stage.shape, GREY, np.uint8)
        painted[stage == FOREGROUND] = 255
        painted[stage == BACKGROUND] = 0
        return np.repeat(painted[..., None], 3, axis=2)
    colours = matplotlib.colormaps[heat].with_extremes(bad='white')
    return colours(np.ma.masked_invalid(stage), bytes=True)[..., :3]


def draw_fig4(
    images: Sequence[np.ndarray],
    stages: Sequence[dict],
    palette: str = 'paper',
    names: Sequence[str] | None = None,
) -> Figure:
    """Draw a row for each image: localization map, Mask-A, B2, B1 and C.

    In Mask-A foreground is white, background black, and ignored pixels grey.

    Args:
        images (Sequence[ndarray]): Each ``(H, W, 3)`` uint8 RGB.
        stages (Sequence[dict]): From `guidance_stages`.
        palette (str): See `mmspg.visualization.PALETTES`.
        names (Sequence[str], optional): Names to write below the images.

    Returns:
        Figure: A figure of Matplotlib; ``savefig`` writes PNG, PDF or SVG.
    """
    heat = get_palette(palette).heat
    shown = ['image', *stages[0]]
    rows = [
        [image, *(paint_stage(stage[key], heat) for key in shown[1:])]
        for image, stage in zip(images, stages, strict=True)
    ]
    page, axes = grid_page(rows, len(shown))
    for one, key in zip(axes[0], shown, strict=True):
        one.set_title(TITLES[key], fontsize=9)
    for line, name in zip(axes, names or (), strict=False):
        line[0].text(
            0.5,
            -0.03,
            shorten(name),
            fontsize=7,
            ha='center',
            va='top',
            transform=line[0].transAxes,
        )
    return page
