"""Excitation backprop: marginal winning probability (Zhang et al., 2016)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from .steering import frozen, leaf_at, running

WEIGHTED = ('conv2d', 'linear')
AVERAGES = ('avg_pool2d', 'adaptive_avg_pool2d', 'mean')
SUMS = ('add', 'add_', '__add__', '__iadd__')
# Autograd passes a probability through these as the rule needs it: unchanged,
# or to the part of the input that it came from (the winner of a max pool).
PASSED = tuple(
    'relu relu_ max_pool2d dropout cat flatten view reshape squeeze unsqueeze '
    '__getitem__ permute transpose contiguous clone to float'.split()
)


class _Share(torch.autograd.Function):
    """Any function of x with the backward pass ``x * W+^T (P / (W+ x))``.

    ``excite`` is ``x -> W+ x``. It is called in the backward pass. An output
    that nothing excites gives nothing back.
    """

    @staticmethod
    def forward(ctx, x: Tensor, out: Tensor, excite: Callable):
        ctx.save_for_backward(x)
        ctx.excite = excite
        return out.clone()

    @staticmethod
    def backward(ctx, prob: Tensor):
        with torch.enable_grad():
            x = ctx.saved_tensors[0].detach().requires_grad_()
            total = ctx.excite(x)
            share = torch.where(total == 0, 0, prob / total.detach())
            grad = torch.autograd.grad(total, x, share)[0]
        return x.detach() * grad, None, None


class _Sum(torch.autograd.Function):
    """``x + y``; each term gets back its share of the positive sum."""

    @staticmethod
    def forward(ctx, x: Tensor, y: Tensor):
        ctx.save_for_backward(x, y)
        return x + y

    @staticmethod
    def backward(ctx, prob: Tensor):
        x, y = (part.clamp(min=0) for part in ctx.saved_tensors)
        share = torch.where(x + y == 0, 0, prob / (x + y))
        return x * share, y * share


class _Winning(TorchFunctionMode):
    """Let autograd pass the winning probability back.

    A BatchNorm and the convolution before it count as one convolution.

    Args:
        net (nn.Module): The network, for messages.
        names (list[str]): The modules that run, see :func:`running`.
    """

    def __init__(self, net: nn.Module, names: list[str]):
        super().__init__()
        self.net = net
        self.names = names
        self.weighted = 0  # number of layers with weights; the last is the top
        self.contrast = False

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = getattr(func, '__name__', '')
        if name == 'batch_norm' and hasattr(args[0], 'convolution'):
            return self._folded(func, *args, **kwargs)
        if name in SUMS and self._same_shape(args) and not kwargs:
            return _Sum.apply(*args)
        out = func(*args, **kwargs)
        if not isinstance(out, Tensor) or not out.requires_grad:
            return out
        if name in WEIGHTED:
            return self._weighted(func, out, *args, **kwargs)
        if name in AVERAGES:
            return _Share.apply(
                args[0],
                out.detach(),
                lambda x: func(x, *args[1:], **kwargs),
            )
        if name not in PASSED:
            self._refuse(name)
        vars(out).pop('convolution', None)  # a ReLU in place
        return out

    @staticmethod
    def _same_shape(args):
        return all(isinstance(a, Tensor) for a in args) and (
            args[0].shape == args[1].shape
        )

    def _weighted(self, func, out, x, weight, bias=None, *rest, **kwargs):
        self.weighted += 1
        level = self.weighted

        def excite(x):
            sign = -1 if self.contrast and level == self.weighted else 1
            return func(x, (sign * weight).clamp(min=0), None, *rest, **kwargs)

        out = _Share.apply(x, out.detach(), excite)
        out.convolution = (func, x, weight, rest, kwargs)
        return out

    def _folded(
        self,
        func,
        out,
        mean,
        var,
        weight=None,
        bias=None,
        training=False,
        momentum=0.1,
        eps=1e-5,
    ):
        if training:
            raise ValueError(
                'excitation needs fixed batch statistics, but '
                f'{self._where()} is in training mode: call net.eval().'
            )
        conv, x, kernel, rest, kwargs = out.convolution
        self.weighted -= 1
        scale = (var + eps).rsqrt()
        scale = scale if weight is None else weight * scale
        normed = func(
            out.detach(), mean, var, weight, bias, False, momentum, eps
        )
        kernel = kernel * scale.view(-1, 1, 1, 1)
        return self._weighted(conv, normed, x, kernel, None, *rest, **kwargs)

    def _where(self) -> str:
        name = self.names[-1] if self.names else ''
        return f"'{name}'" if name else type(self.net).__name__

    def _refuse(self, name: str):
        valid = [*WEIGHTED, *AVERAGES, *SUMS, *PASSED]
        raise ValueError(
            f"excitation cannot pass the function '{name}' of layer "
            f'{self._where()} of {type(self.net).__name__}. It knows '
            f'{", ".join(valid)}, and batch_norm after conv2d. Take a network '
            'that has only these, or a layer nearer to the scores.'
        )


def excitation(
    net: nn.Module,
    images: Tensor,
    labels: Tensor,
    layer: str,
    contrastive: bool = False,
) -> Tensor:
    """Compute the marginal winning probability (MWP) of a layer's cells.

    From the class score down to ``layer``, each convolution, linear layer
    and average distributes a probability over its inputs by their excitatory
    part, ``P_in = x * W+^T (P_out / (W+ x))``, without bias. A max pool
    gives it to the winner. Activations are assumed to be at least 0, as
    after a ReLU.

    Args:
        net (nn.Module): Gives class scores before the softmax, with fixed
            batch statistics (``net.eval()``).
        images (Tensor): Shape ``(N, 3, H, W)``.
        labels (Tensor): Shape ``(N, K)``, int64.
        layer (str): Layer whose output is read. The paper reads GoogLeNet
            at pool2/3x3_s2, which is torchvision's ``maxpool2``.
        contrastive (bool): Subtract the probability for the opposite class,
            whose top weights are negated (c-MWP). Defaults to False.

    Returns:
        Tensor: Shape ``(N, K, h, w)``: the sum over channels, at least 0.

    Raises:
        ValueError: There is no such layer, or the rule does not cover a
            function between it and the scores. The message names the layer
            and lists the functions that the rule covers.
    """
    maps = [
        prob.sum(1).clamp(min=0)
        for prob in winning_probability(
            net, images, labels, layer, contrastive
        )
    ]
    return torch.stack(maps, 1)


def winning_probability(
    net: nn.Module,
    images: Tensor,
    labels: Tensor,
    layer: str,
    contrastive: bool = False,
) -> list[Tensor]:
    """Compute :func:`excitation` without the sum over channels.

    Returns:
        list[Tensor]: K tensors of the shape of the layer's output. Without
        contrast the sum of each image is 1 minus what ended in units that
        nothing excites.
    """
    with torch.enable_grad(), frozen(net):
        with leaf_at(net, layer) as leaves, running(net) as names:
            rule = _Winning(net, names)
            with rule:
                scores = net(images.detach())
        if not leaves or not scores.requires_grad:
            raise ValueError(
                f'The scores of {type(net).__name__} do not depend on layer '
                f'{layer!r}: name one before the classifier.'
            )
        found = []
        for label in labels.unbind(1):
            top = torch.zeros_like(scores).scatter_(1, label[:, None], 1)

            def back(contrast, top=top):
                rule.contrast = contrast
                return torch.autograd.grad(
                    scores, leaves[-1], top, retain_graph=True
                )[0]

            prob = back(False)
            found.append(prob - back(True) if contrastive else prob)
    return found
