"""Make a model predict the same with less work."""

from torch import nn

from mmspg.models.attributions import ATTRIBUTIONS
from mmspg.models.classifiers import AttributionClassifier
from mmspg.models.compiling import compile_parts
from mmspg.models.folding import fold_batch_norm


def make_fast(
    model: nn.Module, fold_bn: bool = True, compile: bool | dict = False
) -> nn.Module:
    """Prepare a model, in place, that only predicts from now on.

    A prediction computes only the maps that somebody asks for. This function
    saves more. Scores and maps change by float32 rounding.

    Args:
        model (nn.Module): A classifier of backbone, neck and head.
        fold_bn (bool): Make BatchNorm part of the convolutions. Defaults to
            True.
        compile (bool | dict): Apply `torch.compile` to the backbone and the
            parts of the neck. A dict has its settings, for example
            ``dict(mode='max-autotune')``. The first prediction at each input
            size then takes a minute or more, and on a CPU it needs a C++
            compiler. Defaults to False.

    Returns:
        nn.Module: The same model.

    Raises:
        ValueError: The model's maps come from gradients, which need the
            layers as they were trained.
    """
    if isinstance(model, AttributionClassifier):
        raise ValueError(
            f'maps of {sorted(ATTRIBUTIONS)} need the layers as they were '
            'trained: use such a model without `fast`'
        )
    model.eval()
    if fold_bn:
        fold_batch_norm(model)
    if compile:
        compile_parts(model, compile if isinstance(compile, dict) else {})
    return model
