"""Released codes of SPG, imported from checkouts as they are.

What today's PyTorch lacks is put in around them. They were written for other
versions: dropout without the training flag did nothing, "bilinear" meant
align_corners=True, and tensors went to a GPU by `.cuda()`. Dropout is off on
both sides, so that the losses can be compared.
"""

import argparse
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import measure

CLASSES = 1000


def load(path: Path):
    """Import a file of a checkout."""
    if not path.is_file():
        raise SystemExit(f'{path}: no such file; give the root of a checkout')
    spec = spec_from_file_location(path.stem, path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Functional:
    """torch.nn.functional without dropout, for a module of the outside."""

    def __getattr__(self, name):
        import torch

        if name == 'dropout':
            return lambda x, *args, **kwargs: x
        if name == 'sigmoid':  # deprecated
            return torch.sigmoid
        return getattr(torch.nn.functional, name)


def _dense(loss_func, logits, labels):
    return loss_func(logits, labels.reshape(logits.shape))


class Authors:
    """The code released with the paper (Python 2, PyTorch 0.3)."""

    def __init__(self, checkout: str):
        import torch

        if not hasattr(torch.nn.init, 'xavier_uniform'):
            torch.nn.init.xavier_uniform = torch.nn.init.xavier_uniform_
        if measure.device() == 'cpu':
            torch.Tensor.cuda = lambda self, *args, **kwargs: self
        module = load(Path(checkout, 'models/google/inception3_spg.py'))
        module.F = _Functional()
        args = argparse.Namespace(num_classes=CLASSES)
        self.net = module.Inception3(num_classes=CLASSES, args=args)
        self.net.interp.align_corners = True

    def loss(self, images, labels):
        return self.net.get_loss(self.net(images, labels), labels)[0]

    def without_values(self):
        """Leave out what looks at the values of a tensor."""
        self.net.get_atten_map = lambda maps, *args: maps[:, 0]
        self.net.mark_obj = lambda mask, *args: mask
        self.net.mark_bg = lambda mask, *args: mask
        self.net.loss_saliency = _dense

    def predict(self, images, labels):
        logits, _, _, _, score_map = self.net(images, labels)
        return logits.softmax(1), score_map


class Wsol:
    """The re-implementation of the WSOL benchmark, `wsolevaluation`."""

    thresholds = ((0.7, 0.01), (0.5, 0.05), (0.7, 0.1))  # its defaults

    def __init__(self, checkout: str):
        if not Path(checkout, 'wsol/inception.py').is_file():
            raise SystemExit(
                f'{checkout}: no wsol/inception.py; give the root of a '
                'checkout'
            )
        sys.path.insert(0, checkout)
        import wsol.inception as module

        module.F = _Functional()
        self.module = module
        self.net = module.InceptionSpg(CLASSES, large_feature_map=True)

    def loss(self, images, labels):
        return self.module.spg.get_loss(
            self.net(images, labels), labels, self.thresholds
        )

    def without_values(self):
        self.module.spg.get_mask = lambda maps, *args: maps.detach()
        self.module.spg.loss_attention = _dense

    def predict(self, images, labels):
        # Its class scores come from another pass; this one does without.
        return self.net(images, labels, return_cam=True)
