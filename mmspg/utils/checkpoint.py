"""Check that a checkpoint fills a model, which MMEngine only logs."""

import os.path as osp

from mmengine.runner.checkpoint import _load_checkpoint
from torch import nn

__all__ = ['check_checkpoint']


def check_checkpoint(model: nn.Module, path: str) -> None:
    """Refuse a checkpoint that would leave a part of the model random.

    Args:
        model (nn.Module): What is to be tested.
        path (str): The checkpoint.

    Raises:
        FileNotFoundError: If it is a path and no such file.
        ValueError: If tensors are missing or have another shape.
    """
    if '://' not in path and not osp.isfile(path):
        raise FileNotFoundError(f"there is no checkpoint '{path}'.")
    found = _load_checkpoint(path, map_location='cpu')
    found = found.get('state_dict', found)
    wanted = model.state_dict()
    shared = {name.removeprefix('module.'): name for name in wanted}
    missing = [
        name
        for name in shared
        if name not in found and not name.endswith('num_batches_tracked')
    ]
    if missing:
        raise ValueError(
            f"'{path}' is no checkpoint of this config's model: of "
            f'{len(shared)} tensors it lacks {len(missing)}, '
            f'{missing[:3]} among them. Its own are {list(found)[:3]}, ... '
            'Take the config it was trained with; a checkpoint of another '
            'program needs tools/model_converters/convert_checkpoint.py.'
        )
    wrong = [
        f'{name}: {tuple(found[name].shape)}, the model has '
        f'{tuple(wanted[shared[name]].shape)}'
        for name in shared
        if name in found and found[name].shape != wanted[shared[name]].shape
    ]
    if wrong:
        raise ValueError(
            f"'{path}' has tensors of other shapes, {wrong[:3]}. If it has "
            'other classes, set model.head.num_classes to theirs.'
        )
