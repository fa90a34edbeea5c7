"""Memory that a training step takes at any batch, without a GPU to try it.

    python tools/benchmarks/benchmark_memory.py --batch 30

The step is run on tensors that have shapes and no contents (PyTorch's
FakeTensorMode), and what lives at a time is added up: weights, gradients,
momentum, activations, the workings of each layer. Not counted: the CUDA
context (.3 to .6 GiB), cuDNN's workspaces and what the allocator loses
between tensors; allow a tenth and one GiB. `saved` is what the forward pass
keeps for the backward.
"""

import argparse
import os
import weakref

import networks
from benchmark_training import BF16, CP


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    networks.add_networks(parser, [30])
    return parser.parse_args()


def living_bytes():
    """A mode under which ``now`` and ``peak`` count all storages."""
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    class LivingBytes(TorchDispatchMode):
        def __init__(self):
            super().__init__()
            self.known, self.now, self.peak = weakref.WeakSet(), 0, 0

        def add(self, tensor):
            storage = tensor.untyped_storage()
            if storage in self.known:
                return
            self.known.add(storage)
            size = storage.nbytes()
            self.now += size
            self.peak = max(self.peak, self.now)
            weakref.finalize(storage, self.remove, size)

        def remove(self, size):
            self.now -= size

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            for leaf in tree_leaves(out):
                if hasattr(leaf, 'untyped_storage'):
                    self.add(leaf)
            return out

    return LivingBytes()


def count(given: dict, options: dict) -> tuple[int, int]:
    """Bytes of a step at most, and of what its forward pass keeps."""
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode(), living_bytes() as living:
        model, cfg = networks.ours(given, options)
        model.train()
        optim = networks.optimizer(model, cfg)
        images, labels = networks.inputs(given)
        batch = networks.batch_of(images, labels)
        model.train_step(batch, optim)  # makes gradients and momentum
        optim.zero_grad()
        living.peak = before = living.now
        with optim.optim_context(model):
            data = model.data_preprocessor(batch, True)
            losses = model._run_forward(data, mode='loss')
        saved = living.now - before
        optim.update_params(model.parse_losses(losses)[0])
        return living.peak, saved


def count_outside(given: dict) -> tuple[int, int]:
    """As `count`, of a released code, without its loops over values."""
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode(), living_bytes() as living:
        code = networks.outside(given)
        code.without_values()
        code.net.train()
        optim = torch.optim.SGD(
            code.net.parameters(), lr=0.001, momentum=0.9, nesterov=True
        )
        images, labels = networks.outside_inputs(given)
        code.loss(images, labels).backward()
        optim.step()
        optim.zero_grad()
        living.peak = before = living.now
        loss = code.loss(images, labels)
        saved = living.now - before
        loss.backward()
        optim.step()
        return living.peak, saved


def main():
    args = parse_args()
    os.environ['CUDA_VISIBLE_DEVICES'] = ''  # shapes need no GPU
    given = dict(
        config=args.config or str(networks.ROOT / networks.PAPER),
        outside={},
        size=args.size,
    )
    print(
        '| images | setting | peak GiB | saved GiB | saved MiB an image |\n'
        '|--:|---|--:|--:|--:|'
    )
    for images in args.batch:
        for name, options in {
            'float32': {},
            'float32, checkpointing': CP,
            'bfloat16': BF16,
            'bfloat16, checkpointing': BF16 | CP,
        }.items():
            row(images, name, *count(dict(given, batch=images), options))
        for name, checkout in dict(
            authors=args.authors, benchmark=args.wsol
        ).items():
            if checkout:
                theirs = dict(
                    given, batch=images, outside={name: str(checkout)}
                )
                row(images, f'outside: {name}', *count_outside(theirs))


def row(images, name, peak, saved):
    print(
        f'| {images} | {name} | {peak / 2**30:.2f} | {saved / 2**30:.2f} | '
        f'{saved / images / 2**20:.0f} |',
        flush=True,
    )


if __name__ == '__main__':
    main()
