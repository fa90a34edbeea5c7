"""Read and steer a network from outside, with context managers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode


class Replaced(TorchFunctionMode):
    """Replace some functions of torch by others.

    Unlike a hook on a module it also reaches a ReLU that a network calls as a
    function. Inside the new functions, torch's own functions are called.

    Args:
        **functions (Callable): The new functions, by the name of torch's
            function, such as ``relu``. They get its arguments.

    Examples:
        >>> import torch
        >>> with Replaced(relu=lambda x, inplace=False: x + 1):
        ...     torch.nn.ReLU()(torch.zeros(2))
        tensor([1., 1.])
    """

    def __init__(self, **functions: Callable):
        super().__init__()
        self.functions = functions

    def __torch_function__(self, func, types, args=(), kwargs=None):
        """Call the other function, if there is one."""
        ours = self.functions.get(getattr(func, '__name__', ''), func)
        return ours(*args, **(kwargs or {}))


def find_module(net: nn.Module, name: str) -> nn.Module:
    """Find a module of a network by its name.

    Raises:
        ValueError: There is no such module; the message lists all.
    """
    modules = dict(net.named_modules())
    modules.pop('')
    if name not in modules:
        close = get_close_matches(name, modules, n=3)
        hint = f', perhaps {" or ".join(map(repr, close))}' if close else ''
        raise ValueError(
            f'{type(net).__name__} has no layer {name!r}{hint}. Its layers '
            f'are {", ".join(modules)}.'
        )
    return modules[name]


@contextmanager
def frozen(net: nn.Module) -> Iterator[None]:
    """Switch off the gradients of all parameters for a while."""
    learning = [p for p in net.parameters() if p.requires_grad]
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)


@contextmanager
def leaf_at(net: nn.Module, name: str) -> Iterator[list[Tensor]]:
    """Cut the graph at a layer's output, which becomes its leaf.

    Args:
        net (nn.Module): The network.
        name (str): The layer.

    Yields:
        list[Tensor]: The output, once the network has run.

    Raises:
        ValueError: There is no such layer, or its output is not a tensor.
    """
    found = []

    def cut(module, inputs, output):
        if not isinstance(output, Tensor):
            raise ValueError(
                f'layer {name!r} gives a {type(output).__name__}, not a '
                'tensor. Name a layer inside it.'
            )
        leaf = output.detach()
        leaf.requires_grad = True
        found.append(leaf)
        return leaf.clone()  # the next layer may work in place

    handle = find_module(net, name).register_forward_hook(cut)
    try:
        yield found
    finally:
        handle.remove()


@contextmanager
def running(net: nn.Module) -> Iterator[list[str]]:
    """Follow which modules run.

    Yields:
        list[str]: Names of the modules that have begun and not ended; the
        innermost is the last.
    """
    names, handles = [], []
    for name, module in net.named_modules():

        def begin(module, inputs, name=name):
            names.append(name)

        def end(module, inputs, output):
            names.pop()

        handles.append(module.register_forward_pre_hook(begin))
        handles.append(module.register_forward_hook(end))
    try:
        yield names
    finally:
        for handle in handles:
            handle.remove()


def layer_and_gradients(
    net: nn.Module, images: Tensor, labels: Tensor, layer: str
) -> tuple[Tensor, list[Tensor]]:
    """What a layer gives, and the gradients of class scores by it.

    Args:
        net (nn.Module): Images to class scores before the softmax.
        images (Tensor): Shape ``(N, 3, H, W)``.
        labels (Tensor): Shape ``(N, K)``, int64.
        layer (str): A layer that gives maps ``(N, D, h, w)``.

    Returns:
        tuple[Tensor, list[Tensor]]: The maps, and K gradients of their
        shape.

    Raises:
        ValueError: No such layer, or one whose output is no map or not
            what the scores are made of.
    """
    with torch.enable_grad(), frozen(net):
        with leaf_at(net, layer) as leaves:
            scores = net(images.detach())
        if not leaves or leaves[-1].ndim != 4 or not scores.requires_grad:
            shape = tuple(leaves[-1].shape) if leaves else 'nothing'
            raise ValueError(
                f'layer {layer!r} of {type(net).__name__} gives {shape}: '
                'name one before the classifier that gives maps (N, D, h, w).'
            )
        gradients = [
            torch.autograd.grad(score, leaves[-1], retain_graph=True)[0]
            for score in scores.gather(1, labels).sum(0)
        ]
    return leaves[-1].detach(), gradients
