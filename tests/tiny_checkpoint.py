"""A small network with random weights, as a checkpoint, for tests."""

import os

import torch

os.environ.setdefault('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')
CLASSES = ('one <b>', 'two & "more"', 'drei', 'vier')


def write_checkpoint(root, folder, classes=CLASSES):
    """Write ``tiny.pth``; returns the paths of config and checkpoint."""
    from mmpretrain import get_model

    config = root / 'configs' / 'spg_tiny_synthetic.py'
    torch.manual_seed(1)
    model = get_model(str(config))
    model.init_weights()
    for layer in model.modules():  # as if trained: nothing to fold else
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.5, 2)
    path = folder / 'tiny.pth'
    meta = dict(dataset_meta=dict(classes=classes))
    torch.save(dict(state_dict=model.state_dict(), meta=meta), path)
    return str(config), str(path)
