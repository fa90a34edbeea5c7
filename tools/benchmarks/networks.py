"""The networks that are measured: ours, and released codes of SPG."""

import argparse
import os
import shutil
import sys
from pathlib import Path

import measure
import released

ROOT = Path(__file__).resolve().parents[2]
PAPER = 'configs/spg_inceptionv3_imagenet.py'
LIGHT = 'configs/light/spg_efficientnet-lite0_imagenet.py'
PRESETS = 'configs/presets/spg_inceptionv3_imagenet_{}.py'
FIRST = {'model.data_preprocessor.devices': ()}
LAYOUT = {
    'data_preprocessor.type': 'mmspg.ChannelsLastPreprocessor',
    'data_preprocessor.devices': ('cuda', 'cpu'),
}


def parse_arguments(description: str, batch: list[int]) -> argparse.Namespace:
    """The command line of a benchmark; ``batch`` is the default."""
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_networks(parser, batch)
    add = parser.add_argument
    add('--repeats', type=int, default=10, help='timed steps of each (10)')
    add('--warmup', type=int, default=1, help='steps before them (1)')
    add('--threads', type=int, help='threads of PyTorch (default: its choice)')
    add(
        '--clock',
        choices=list(measure.CLOCKS),
        default='wall',
        help='cpu: CPU time, for one thread of a CPU that others use, too',
    )
    add('--only', nargs='+', metavar='VARIANT', help='measure only these')
    args = parser.parse_args()
    if args.authors and args.wsol:
        parser.error('give one of --authors and --wsol at a time')
    if args.clock == 'cpu' and args.threads != 1:
        parser.error('--clock cpu is for --threads 1')
    return args


def add_networks(parser: argparse.ArgumentParser, batch: list[int]) -> None:
    """What is measured: ours, a released code, on which images."""
    add = parser.add_argument
    add('--config', help='our config (default: a preset for the other code)')
    add('--authors', type=Path, metavar='CHECKOUT', help="authors' release")
    add('--wsol', type=Path, metavar='CHECKOUT', help='wsolevaluation')
    add('--batch', type=int, nargs='+', default=batch, help='images per step')
    add('--size', type=int, default=224, help='side of the images (224)')


def settings(args: argparse.Namespace) -> dict:
    """What every variant is built from; can be pickled."""
    outside = dict(authors=args.authors, benchmark=args.wsol)
    outside = {name: str(path) for name, path in outside.items() if path}
    config = PAPER
    for name in outside:
        config = PRESETS.format(name)
    return dict(
        config=args.config or str(ROOT / config),
        outside=outside,
        size=args.size,
        batch=0,
    )


def main(benchmark, batch: list[int]) -> None:
    """Measure and print, by batch size.

    Args:
        benchmark (module): Its ``variants(given)`` are of our code, and its
            ``outside(given)`` builds a step of the released code.
        batch (list[int]): Sizes if the command line gives none.
    """
    args = parse_arguments(benchmark.__doc__, batch)
    if args.clock == 'cpu' and measure.device() == 'cuda':
        raise SystemExit('--clock cpu does not see what a GPU does')
    # For the processes of the variants: what compiles does so anew, and where
    # its time is seen.
    os.environ['MMSPG_CLOCK'] = args.clock
    os.environ['TORCHINDUCTOR_FORCE_DISABLE_CACHES'] = '1'
    if args.clock == 'cpu':
        os.environ['TORCHINDUCTOR_COMPILE_THREADS'] = '1'
    given = settings(args)
    print(
        f'{measure.machine(args.threads or default_threads())}, '
        f'{args.clock} clock',
        flush=True,
    )
    for images in args.batch:
        of_batch = dict(given, batch=images)
        variants = [
            variant
            for variant in benchmark.variants(of_batch)
            if not args.only or variant.name in args.only
        ]
        variants += [
            measure.Variant(f'outside: {name}', benchmark.outside, (of_batch,))
            for name in given['outside']
        ]
        print(f'\n{images} of {args.size} x {args.size}:\n', flush=True)
        results = measure.measure(
            variants, args.repeats, args.warmup, args.threads
        )
        print()
        print(measure.table(variants, results, images), flush=True)


def default_threads() -> int:
    import torch

    return torch.get_num_threads()


def set_precision(gpu: bool = False, tf32: bool = False) -> None:
    """Set how exact float32 is on a GPU; cuDNN tries its kernels.

    Raises:
        Skip: The variant is for a GPU and there is none.
    """
    import torch

    if gpu and measure.device() == 'cpu':
        raise measure.Skip('needs a GPU, or is slower without one')
    torch.set_float32_matmul_precision('high' if tf32 else 'highest')
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = True


def need_compiler() -> None:
    """Check what ``torch.compile`` needs.

    Raises:
        Skip: A CPU needs a C++ compiler, and there is none.
    """
    names = (os.environ.get('CXX'), 'g++', 'clang++')
    if measure.device() == 'cpu' and not any(
        map(shutil.which, filter(None, names))
    ):
        raise measure.Skip('torch.compile needs a C++ compiler: install g++')


def set_process(onednn: bool, kept: bool) -> None:
    """Set what a variant changes in its process.

    Args:
        onednn (bool): Compute by oneDNN's kernels, or by PyTorch's own.
        kept (bool): Keep freed memory, as all tools do.
    """
    import torch

    torch.backends.mkldnn.enabled = onednn
    if kept:
        sys.path.insert(0, str(ROOT))
        from mmspg.utils.freed_memory import keep_freed_memory

        keep_freed_memory()


def inputs(given: dict):
    """Images ``(N, 3, S, S)`` uint8 B, G, R and labels ``(N,)``."""
    import torch

    generator = torch.Generator().manual_seed(0)
    shape = (given['batch'], 3, given['size'], given['size'])
    images = torch.randint(
        0, 256, shape, dtype=torch.uint8, generator=generator
    )
    labels = torch.randint(released.CLASSES, shape[:1], generator=generator)
    return images.to(measure.device()), labels.to(measure.device())


def batch_of(images, labels) -> dict:
    """A batch as a data loader gives it."""
    from mmpretrain.structures import DataSample

    samples = []
    for label in labels:
        sample = DataSample().set_gt_label(label.reshape(1))
        sample.set_metainfo(dict(img_shape=tuple(images.shape[-2:])))
        samples.append(sample)
    return dict(inputs=images, data_samples=samples)


def ours(given: dict, options: dict | None = None):
    """Our network and its config, with the weights of `outside_weights`."""
    import torch

    sys.path.insert(0, str(ROOT))
    from mmengine.config import Config
    from mmengine.logging import MMLogger
    from mmpretrain.registry import MODELS

    import mmspg.models  # noqa: F401

    MMLogger.get_instance('benchmark', log_level='ERROR')
    cfg = Config.fromfile(given['config'])
    cfg.merge_from_dict(options or {})
    cfg.model.backbone.init_cfg = None
    cfg.model.neck.dropout = 0.0
    cfg.model.setdefault('data_preprocessor', cfg.data_preprocessor)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    for name in given['outside']:
        model.load_state_dict(_converted(outside(given).net, name))
    if measure.device() == 'cuda':
        model.cuda()
    return model, cfg


def optimizer(model, cfg):
    """The config's, as a runner would build it."""
    from mmengine.optim import build_optim_wrapper
    from mmengine.registry import DefaultScope

    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return build_optim_wrapper(model, cfg.optim_wrapper)


def _converted(net, source: str) -> dict:
    path = ROOT / 'tools' / 'model_converters' / 'convert_checkpoint.py'
    return released.load(path).convert(net.state_dict(), source)[0]


def outside(given: dict):
    """The released code of the settings, with weights of seed 0."""
    import torch

    ((name, checkout),) = given['outside'].items()
    torch.manual_seed(0)
    return dict(authors=released.Authors, benchmark=released.Wsol)[name](
        checkout
    )


def outside_inputs(given: dict):
    """Images as our data preprocessor makes them, and labels."""
    import torch

    images, labels = inputs(given)
    images = images.flip(1).float()
    mean = torch.tensor([123.675, 116.28, 103.53], device=images.device)
    std = torch.tensor([58.395, 57.12, 57.375], device=images.device)
    return (images - mean.view(-1, 1, 1)) / std.view(-1, 1, 1), labels
