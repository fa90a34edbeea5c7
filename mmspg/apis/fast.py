"""The same predictions with less work."""

from torch import nn

from mmspg.models.attributions import ATTRIBUTIONS
from mmspg.models.classifiers import AttributionClassifier
from mmspg.models.folding import fold_batch_norm


def make_fast(
    model: nn.Module, fold_bn: bool = True, compile: bool | dict = False
) -> nn.Module:
    """Prepare a model that only predicts from now on; in place.

    B and C are never computed at prediction, nor maps of classes that nobody
    asked for; this is what can be had on top. Scores and maps change by
    float32 rounding.

    Args:
        model (nn.Module): A classifier of backbone, neck and head.
        fold_bn (bool): Make BatchNorm part of the convolutions. Defaults to
            True.
        compile (bool | dict): `torch.compile` for the backbone and the parts
            of the neck, or its settings, ``dict(mode='max-autotune')`` say.
            The first prediction of every input size then takes a minute or
            more, and needs a C++ compiler on a CPU. Defaults to False.

    Returns:
        nn.Module: The same.

    Raises:
        ValueError: The model's maps come from gradients, which need the
            layers as they were trained.
    """
    if isinstance(model, AttributionClassifier):
        raise ValueError(
            f'maps of {sorted(ATTRIBUTIONS)} are made by going through the '
            'layers as they were trained: use such a model without `fast`'
        )
    model.eval()
    if fold_bn:
        fold_batch_norm(model)
    if compile:
        settings = compile if isinstance(compile, dict) else {}
        neck = getattr(model, 'neck', None)
        for part in (model.backbone, *(neck.children() if neck else ())):
            part.compile(**settings)
    return model
