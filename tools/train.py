"""Train a model.

python tools/train.py configs/spg_inceptionv3_cub.py --data-root DIR
"""

import os
import sys

from mmspg.utils import command_line as cli


def parse_args():
    parser = cli.tool_parser(__doc__)
    add = parser.add_argument
    cli.add_shared(parser, 'config', *cli.RUN)
    add(
        '--pretrained',
        metavar='FILE',
        default=os.environ.get('MMSPG_PRETRAINED'),
        help='weights that the backbone starts from (default: the '
        'environment variable MMSPG_PRETRAINED, or what the config says)',
    )
    add(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='continue a training that was interrupted: from this '
        'checkpoint or, without a value, from the last one in the work dir',
    )
    add(
        '--resume-changed',
        action='store_true',
        help='with --resume: continue although settings have changed since '
        'the checkpoint was written. The new settings count, and the '
        'schedules of the learning rate are computed again up to that point',
    )
    add(
        '--no-validate',
        action='store_true',
        help='do not evaluate during training',
    )
    add(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate by the actual batch size over the one '
        'that the config was made for. Processes and accumulated iterations '
        'count',
    )
    add(
        '--no-persistent-workers',
        action='store_true',
        help='start new workers of the dataloaders in each epoch',
    )
    return cli.read_arguments(parser)


def configure(args):
    """Give the config of the training with the command line's changes."""
    from mmspg.datasets import fit_to_photographs
    from mmspg.utils.cfg import count_accumulation, load_config, set_data_root
    from mmspg.utils.start import check_schedule

    cfg = load_config(args.config)
    if args.data_root:
        set_data_root(cfg, args.data_root)
    for line in fit_to_photographs(cfg):
        print(line)
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.amp:
        check_accelerator()
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if args.resume:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
        cfg.resume_changed = args.resume_changed
    if args.auto_scale_lr:
        if 'auto_scale_lr' not in cfg:
            raise ValueError(
                '--auto-scale-lr: the config does not name the batch size of '
                'its lr. Add auto_scale_lr=dict(base_batch_size=NUMBER).'
            )
        cfg.auto_scale_lr.enable = True
    cli.apply_arguments(cfg, args)
    count_accumulation(cfg)
    check_schedule(cfg)
    return cfg


def check_accelerator():
    from mmengine.device import get_device

    if get_device() == 'cpu':
        raise ValueError(
            '--amp: mixed precision needs a GPU or another accelerator, and '
            'there is none. Leave it out.'
        )


def main():
    args = parse_args()

    # After the arguments, since these take seconds to import. mmspg is first:
    # it says what is missing, and repairs a half-written cache of yapf, which
    # OpenMMLab's MMEngine imports at once.
    import mmspg.models  # noqa: F401

    # isort: split
    from mmspg.engine.runner import build_runner
    from mmspg.utils.remedies import ending_with_remedy
    from mmspg.utils.resume import ChangedRunError
    from mmspg.utils.start import check_start
    from mmspg.utils.upstream.process_group import (
        enter_process_group,
        leave_process_group,
    )
    from mmspg.utils.work_dir import OccupiedError

    with cli.errors_in_one_line(args):
        cfg = configure(args)
        check_start(cfg)
        enter_process_group(cfg)
        runner = build_runner(cfg)
    try:
        with ending_with_remedy('train.py', cfg.work_dir):
            runner.train()
            leave_process_group()
    except (ChangedRunError, OccupiedError) as error:
        sys.exit(f'train.py: {error}')


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
