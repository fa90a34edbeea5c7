"""Declare, read and apply the arguments that the tools share.

This module is quick to import, so a tool's ``--help`` loads no PyTorch.
"""

import os
import os.path as osp
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .freed_memory import keep_freed_memory
from .unpickling import allow_pickle

__all__ = [
    'RUN',
    'add_boxes',
    'add_model',
    'add_shared',
    'apply_arguments',
    'errors_in_one_line',
    'read_model',
    'read_arguments',
    'tool_parser',
]

SHARED: dict[str, dict[str, Any]] = {
    'config': dict(help='config file'),
    '--work-dir': dict(
        metavar='DIR',
        help='folder for logs and results (default: work_dirs/ and the '
        "config's name)",
    ),
    '--data-root': dict(
        metavar='DIR',
        default=os.environ.get('MMSPG_DATA_ROOT'),
        help='folder of the data set, for all splits (default: the '
        'environment variable MMSPG_DATA_ROOT, or what the config says)',
    ),
    '--input-size': dict(
        type=int,
        metavar='PIXELS',
        help="side of the network's input: all resizes and crops are scaled "
        'to it (default: the size that the checkpoint was trained at, or the '
        "config's)",
    ),
    '--no-pin-memory': dict(
        action='store_true', help='do not pin memory in dataloaders'
    ),
    '--allow-pickle': dict(
        action='store_true',
        help='unpickle checkpoints in full. This can run any code that is '
        'in the file: use it only for files that you trust',
    ),
    '--cfg-options': dict(
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help='override settings of the config, for example '
        'train_cfg.max_epochs=1 or model.neck.c_channels="(512,)"',
    ),
    '--device': dict(
        help='where to compute, for example cuda:0 (default: the CPU)'
    ),
    '--amp': dict(
        action='store_true',
        help='compute in automatic mixed precision (training needs an '
        'accelerator for it)',
    ),
    '--palette': dict(
        choices=['paper', 'colour-blind'],
        default='paper',
        help='colours of boxes and maps (default: %(default)s)',
    ),
    '--workers': dict(
        type=int, default=1, help='number of processes (default: %(default)s)'
    ),
    '--launcher': dict(
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='program that started the processes (default: %(default)s)',
    ),
}

# The arguments that both tools/train.py and tools/test.py take.
RUN = (
    '--amp',
    '--work-dir',
    '--data-root',
    '--input-size',
    '--no-pin-memory',
    '--allow-pickle',
    '--cfg-options',
    '--launcher',
)


def tool_parser(description: str) -> ArgumentParser:
    """Make a parser whose description is printed as it is written."""
    return ArgumentParser(
        description=description, formatter_class=RawDescriptionHelpFormatter
    )


def add_shared(parser: ArgumentParser, *names: str) -> None:
    """Declare arguments of ``SHARED``, such as 'config', '--data-root'."""
    for name in names:
        parser.add_argument(name, **SHARED[name])
        if name == '--launcher':
            # PyTorch's launchers have used both spellings.
            parser.add_argument(
                *('--local_rank', '--local-rank'),
                type=int,
                default=0,
                help='number of this process; the launcher gives it',
            )


def add_model(parser: ArgumentParser, required: bool = True) -> None:
    """Declare the model: CHECKPOINT, or CONFIG CHECKPOINT.

    `read_arguments` turns it into ``config`` and ``checkpoint``, each a str
    or None.
    """
    parser.add_argument(
        'model',
        nargs='+' if required else '*',
        metavar='MODEL',
        help='a checkpoint, which carries its config; or a config and a '
        'checkpoint'
        + ('' if required else '; or the name of a model with weights'),
    )


def add_boxes(parser: ArgumentParser) -> None:
    """Declare what `LocalizationInferencer.from_arguments` reads.

    Which classes are boxed, where their maps are cut, and on what. The model
    is declared by `add_model`.
    """
    add = parser.add_argument
    add(
        '--threshold',
        type=float,
        help='score at which the map is cut, in [0, 1] (default: what was '
        "chosen for the checkpoint; or .2, and .5 for SPG's branches)",
    )
    add('--rule', help='box rule (default: the rule of the config)')
    add(
        '--valley',
        type=float,
        metavar='DEPTH',
        help='give each object of a class its own box if the map falls this '
        'far between them, in (0, 1] (default: what was chosen for the '
        'checkpoint, or one box)',
    )
    add(
        '--topk',
        type=int,
        default=1,
        help='number of predicted classes to box (default: %(default)s)',
    )
    add('--label', nargs='+', help='classes to box, by number or name')
    add_shared(parser, '--device', '--input-size')
    add_shared(parser, '--allow-pickle', '--cfg-options')


def read_arguments(parser: ArgumentParser, argv=None) -> Namespace:
    """Parse the command line, and set what this process may do.

    Args:
        parser (ArgumentParser): With all arguments declared.
        argv (list[str], optional): None: those of the command line.

    Returns:
        Namespace: The arguments. ``LOCAL_RANK`` and PyTorch's switches for
        pickles are set in the environment, and freed memory is kept.
    """
    keep_freed_memory()
    # A tool may be given CONFIG --option value CHECKPOINT.
    args = parser.parse_intermixed_args(argv)
    if getattr(args, 'workers', 1) < 1:
        parser.error('--workers must be at least 1')
    if hasattr(args, 'model'):
        if len(args.model) > 2:
            parser.error(
                f'give one CONFIG and one CHECKPOINT, not {args.model}'
            )
        args.config = args.checkpoint = None
        for given in args.model:
            key = 'config' if given.endswith('.py') else 'checkpoint'
            if len(args.model) == 2:
                key = 'config' if given is args.model[0] else 'checkpoint'
            setattr(args, key, given)
    if getattr(args, 'local_rank', None) is not None:
        os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    if hasattr(args, 'allow_pickle'):
        allow_pickle(args.allow_pickle)
    args.prog = parser.prog
    return args


def read_model(args: Namespace) -> tuple[Any, dict | None]:
    """Read the config and the checkpoint of `add_model`.

    Args:
        args (Namespace): From `read_arguments`.

    Returns:
        tuple: The config of a test of the checkpoint, for `apply_arguments`,
        with the input size and the map that go with the checkpoint; and what
        the checkpoint holds, or None.

    Raises:
        FileNotFoundError: A file is not there.
        ValueError: One is broken, or the checkpoint carries no config and
            none was given.
    """
    from .carried_config import carried_config, follow_checkpoint
    from .cfg import load_config
    from .checkpoint import read_checkpoint

    cfg = load_config(args.config) if args.config else None
    content = read_checkpoint(args.checkpoint) if args.checkpoint else None
    if cfg is None:
        cfg = carried_config(content or {}, args.checkpoint)
    if content is not None:
        follow_checkpoint(cfg, content)  # --input-size comes after it
        cfg.load_from, cfg.resume = args.checkpoint, False
    if cfg.get('runner_type') == 'FlexibleRunner':
        # Its strategies split what is trained; to test, any runner will do.
        cfg.pop('runner_type')
    return cfg, content


def apply_arguments(cfg, args: Namespace) -> None:
    """Put the shared arguments into a config; ``--cfg-options`` win.

    Args:
        cfg (Config): Changed in place.
        args (Namespace): From `read_arguments`; only what was declared counts.

    Raises:
        FileNotFoundError: ``--pretrained`` is a path and no such file.
        ValueError: A value does not fit; the message names the argument.
    """
    from .cfg import (
        merge_options,
        set_data_root,
        set_dataloaders,
        set_input_size,
        set_pretrained,
    )

    given = vars(args)
    if given.get('data_root'):
        set_data_root(cfg, args.data_root)
    if given.get('pretrained'):
        set_pretrained(cfg, args.pretrained)
    if given.get('input_size') is not None:
        set_input_size(cfg, args.input_size)
    cfg.launcher = given.get('launcher', 'none')
    if given.get('work_dir'):
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        name = given.get('config') or given.get('checkpoint') or 'mmspg'
        cfg.work_dir = osp.join(
            'work_dirs', osp.splitext(osp.basename(name))[0]
        )
    merge_options(cfg, given.get('cfg_options', []))
    set_dataloaders(
        cfg,
        pin_memory=not given.get('no_pin_memory', False),
        persistent_workers=not given.get('no_persistent_workers', True),
    )


@contextmanager
def errors_in_one_line(args: Namespace) -> Iterator[None]:
    """End the tool with one line if a file or a setting is wrong.

    This means ``OSError``, ``ValueError``, ``ImportError`` and, if there are
    ``--cfg-options``, any other error.
    """
    try:
        yield
    except (ImportError, OSError, ValueError) as error:
        closed = isinstance(error, PermissionError) and hasattr(
            args, 'work_dir'
        )
        remedy = '. Choose a folder that you may write to: --work-dir DIR'
        sys.exit(f'{args.prog}: {error}{remedy if closed else ""}')
    except Exception as error:
        options = getattr(args, 'cfg_options', [])
        if not options:
            raise
        sys.exit(
            f'{args.prog}: {type(error).__name__}: {str(error)[:300]}. One of '
            f'the --cfg-options may be wrong: {" ".join(options)[:300]}'
        )
