"""Test a model: class and localization figures, pictures, predictions.

python tools/test.py configs/spg_inceptionv3_cub.py CHECKPOINT \
        --data-root DIR
"""

import argparse
import os
import os.path as osp
import sys


def parse_args():
    parser = argparse.ArgumentParser(description='Test a model')
    parser.add_argument('config', help='test config file path')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--work-dir', help='the dir to save the metrics')
    parser.add_argument(
        '--data-root',
        default=os.environ.get('MMSPG_DATA_ROOT'),
        help='folder of the data set, for all splits (or MMSPG_DATA_ROOT)',
    )
    parser.add_argument(
        '--input-size',
        type=int,
        help='side of the input in pixels: scales all resizes and crops',
    )
    parser.add_argument('--out', help='the file to write results to')
    parser.add_argument(
        '--out-item',
        choices=['metrics', 'pred'],
        help='what to write to --out: the metrics or, by default, the '
        'predictions',
    )
    parser.add_argument(
        '--dump-score-maps',
        metavar='DIR',
        help='write the score maps into this folder, for '
        'tools/analysis_tools/eval_score_maps.py',
    )
    parser.add_argument(
        '--dump-form',
        choices=['compact', 'benchmark'],
        default='compact',
        help='of --dump-score-maps: all maps at feature resolution, 16 bit, '
        "or the true class's at 224 x 224, as the benchmark's .npy",
    )
    parser.add_argument(
        '--amp',
        action='store_true',
        help='test in automatic mixed precision',
    )
    parser.add_argument(
        '--fold-bn',
        action='store_true',
        help='fold BatchNorm into the convolutions: faster, and equal but '
        'for rounding',
    )
    parser.add_argument('--show-dir', help='write pictures into this folder')
    parser.add_argument(
        '--show', action='store_true', help='show pictures in a window'
    )
    parser.add_argument(
        '--interval', type=int, default=1, help='draw every n-th sample'
    )
    parser.add_argument(
        '--wait-time',
        type=float,
        default=2,
        help='seconds that a window stays',
    )
    parser.add_argument(
        '--no-pin-memory',
        action='store_true',
        help='do not pin memory in dataloaders',
    )
    parser.add_argument(
        '--tta',
        action='store_true',
        help="test-time augmentation by the config's tta_model and "
        'tta_pipeline: the ten crops of the paper',
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
        help='override settings of the config',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='job launcher',
    )
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    args = parser.parse_args()
    if args.out_item and not args.out:
        parser.error('--out-item says what to write to --out FILE: give it')
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def merge_args(cfg, args):
    """Merge the command line into the config; --cfg-options win."""
    from mmspg.utils import cfg as change

    if args.data_root:
        change.set_data_root(cfg, args.data_root)
    if args.input_size:
        change.set_input_size(cfg, args.input_size)
    cfg.launcher = args.launcher
    cfg.load_from = args.checkpoint
    cfg.resume = False
    if cfg.get('runner_type') == 'FlexibleRunner':
        # Its strategies split what is trained; to test, any runner will do.
        cfg.pop('runner_type')

    # command line, then config, then the config's name
    if args.work_dir:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        name = osp.splitext(osp.basename(args.config))[0]
        cfg.work_dir = osp.join('work_dirs', name)

    if args.amp:
        cfg.test_cfg.fp16 = True
    if args.fold_bn:
        cfg.custom_hooks = [
            *(cfg.get('custom_hooks') or ()),
            dict(type='mmspg.FoldBatchNormHook'),
        ]
    if args.show or args.show_dir:
        if 'visualization' not in cfg.get('default_hooks', {}):
            raise ValueError(
                '--show and --show-dir need the hook default_hooks.'
                'visualization, which this config lacks: set it to '
                "dict(type='mmspg.LocalizationVisualizationHook')."
            )
        cfg.default_hooks.visualization.update(
            enable=True,
            show=args.show,
            wait_time=args.wait_time,
            out_dir=args.show_dir,
            interval=args.interval,
        )
    # Before TTA wraps the model, so that model.* means the same with it.
    change.merge_options(cfg, args.cfg_options)
    change.set_dataloaders(cfg, not args.no_pin_memory, False)
    if args.tta:
        change.set_tta(cfg)
    return cfg


def main():
    args = parse_args()

    # After the arguments, since these take seconds to import. mmspg first: it
    # says what is missing, and gets past a half-written cache of yapf, which
    # OpenMMLab's MMEngine imports at once.
    import mmspg.models  # noqa: F401

    # isort: split
    import mmengine
    from mmengine.dist import is_main_process
    from mmengine.evaluator import DumpResults
    from mmengine.registry import METRICS, RUNNERS
    from mmengine.runner import Runner

    from mmspg.datasets.faults import DataError
    from mmspg.evaluation.protocol import use_stored_choice
    from mmspg.utils.cfg import load_config
    from mmspg.utils.checkpoint import check_checkpoint
    from mmspg.utils.run_report import write_run_report
    from mmspg.utils.unpickling import allow_pickle
    from mmspg.utils.upstream.process_group import (
        enter_process_group,
        leave_process_group,
    )

    allow_pickle(args.allow_pickle)
    try:
        cfg = merge_args(load_config(args.config), args)
        use_stored_choice(cfg, args.checkpoint)
        enter_process_group(cfg)
    except (FileNotFoundError, ValueError) as error:
        sys.exit(f'test.py: {error}')
    runner = (
        RUNNERS.build(cfg) if 'runner_type' in cfg else Runner.from_cfg(cfg)
    )
    try:
        check_checkpoint(
            getattr(runner.model, 'module', runner.model), args.checkpoint
        )
    except (FileNotFoundError, ValueError) as error:
        sys.exit(f'test.py: {error}')

    if args.out and args.out_item != 'metrics':
        runner.test_evaluator.metrics.append(
            DumpResults(out_file_path=args.out)
        )
    if args.dump_score_maps:
        dump = dict(
            type='mmspg.DumpScoreMaps',
            out_dir=args.dump_score_maps,
            form=args.dump_form,
        )
        runner.test_evaluator.metrics.append(METRICS.build(dump))
    try:
        metrics = runner.test()
    except DataError as error:
        sys.exit(f'test.py: {error}')
    write_run_report(runner, args.checkpoint, metrics)
    if args.out and args.out_item == 'metrics' and is_main_process():
        mmengine.dump(metrics, args.out)
    leave_process_group()


if __name__ == '__main__':
    main()
