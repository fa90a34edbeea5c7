"""Train a model.

python tools/train.py configs/spg_inceptionv3_cub.py --data-root DIR
"""

import argparse
import os
import os.path as osp
import re
import sys
from traceback import format_exc

ENDED = re.compile('The training has ended early')


def parse_args():
    parser = argparse.ArgumentParser(description='Train a model')
    parser.add_argument('config', help='train config file path')
    parser.add_argument('--work-dir', help='the dir to save logs and models')
    parser.add_argument(
        '--data-root',
        default=os.environ.get('MMSPG_DATA_ROOT'),
        help='folder of the data set, for all splits (or MMSPG_DATA_ROOT)',
    )
    parser.add_argument(
        '--pretrained',
        default=os.environ.get('MMSPG_PRETRAINED'),
        help='weights that the backbone starts from (or MMSPG_PRETRAINED)',
    )
    parser.add_argument(
        '--input-size',
        type=int,
        help='side of the input in pixels: scales all resizes and crops',
    )
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='resume from a checkpoint, or, without a value, from the latest '
        'in the work dir',
    )
    parser.add_argument(
        '--amp',
        action='store_true',
        help='train in automatic mixed precision (needs an accelerator)',
    )
    parser.add_argument(
        '--no-validate',
        action='store_true',
        help='do not evaluate during training',
    )
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the lr by the actual over the original batch size',
    )
    parser.add_argument(
        '--no-pin-memory',
        action='store_true',
        help='do not pin memory in dataloaders',
    )
    parser.add_argument(
        '--no-persistent-workers',
        action='store_true',
        help='start the workers of dataloaders anew each epoch',
    )
    parser.add_argument(
        '--allow-pickle',
        action='store_true',
        help='unpickle checkpoints in full, which can run code: for files '
        'you trust',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help='override settings of the config, e.g. train_cfg.max_epochs=1 '
        'or model.neck.c_channels="(512,)"',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='job launcher',
    )
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def merge_args(cfg, args):
    """Merge the command line into the config; --cfg-options win."""
    from mmspg.datasets import fit_to_photographs
    from mmspg.utils import cfg as change

    if args.data_root:
        change.set_data_root(cfg, args.data_root)
    for line in fit_to_photographs(cfg):
        print(line)
    if args.pretrained:
        change.set_pretrained(cfg, args.pretrained)
    if args.input_size:
        change.set_input_size(cfg, args.input_size)
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.launcher = args.launcher

    # command line, then config, then the config's name
    if args.work_dir:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        name = osp.splitext(osp.basename(args.config))[0]
        cfg.work_dir = osp.join('work_dirs', name)

    if args.amp:
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if args.resume:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
    if args.auto_scale_lr:
        if 'auto_scale_lr' not in cfg:
            raise ValueError(
                '--auto-scale-lr: the config does not say for which batch '
                'its lr is. Add auto_scale_lr=dict(base_batch_size=NUMBER).'
            )
        cfg.auto_scale_lr.enable = True
    change.merge_options(cfg, args.cfg_options)
    change.set_dataloaders(
        cfg, not args.no_pin_memory, not args.no_persistent_workers
    )
    return cfg


def main():
    args = parse_args()

    # After the arguments, since these take seconds to import. mmspg first: it
    # says what is missing, and gets past a half-written cache of yapf, which
    # OpenMMLab's MMEngine imports at once.
    import mmspg.models  # noqa: F401

    # isort: split
    from mmengine.logging import MMLogger
    from mmengine.registry import RUNNERS

    from mmspg.engine.runner import QuietRunner
    from mmspg.utils.advice import advice
    from mmspg.utils.cfg import load_config
    from mmspg.utils.checkpoint import check_start
    from mmspg.utils.noise import hide_on_terminal
    from mmspg.utils.unpickling import allow_pickle
    from mmspg.utils.upstream.process_group import (
        enter_process_group,
        leave_process_group,
    )

    allow_pickle(args.allow_pickle)
    try:
        cfg = merge_args(load_config(args.config), args)
        check_start(cfg)  # or say now, and better, what is wrong
        enter_process_group(cfg)
    except (FileNotFoundError, ValueError) as error:
        sys.exit(f'train.py: {error}')
    try:
        build = RUNNERS.build if 'runner_type' in cfg else QuietRunner.from_cfg
        build(cfg).train()
        leave_process_group()
    except Exception as error:
        what_to_do = advice(error)
        if what_to_do is None:
            raise
        # Where it happened is for the log file, what to do for the terminal.
        logger = MMLogger.get_current_instance()
        hide_on_terminal(logger, ENDED.match)
        logger.error(f'The training has ended early.\n{format_exc()}')
        sys.exit(f'train.py: {cfg.work_dir}: {error}\n{what_to_do}')


if __name__ == '__main__':
    try:
        main()
    except KeyboardInterrupt:
        print(
            '\ntrain.py: stopped. Give the same command with --resume to go '
            'on from the last checkpoint.',
            file=sys.stderr,
        )
        sys.exit(130)
