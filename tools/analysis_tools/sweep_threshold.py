"""Choose the score threshold on one split, for the test on another.

    python tools/analysis_tools/sweep_threshold.py CONFIG CHECKPOINT

runs the model on the choosing split, draws accuracy against threshold and
writes the best one for GT-known (the lowest among equals) beside the
checkpoint, where tools/test.py finds it. The choosing split is --split, or
'val' of the benchmark's metadata where it is there, or else what the config
validates on.
"""

import argparse
import os
import sys
from pathlib import Path


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('config', help='config file')
    add('checkpoint', help='checkpoint file')
    add('--split', help='split of the data set to choose on')
    add(
        '--thresholds',
        type=int,
        default=100,
        help='how many, evenly from 0 (%(default)s)',
    )
    add('--out', help='the choice (CHECKPOINT with .threshold.json)')
    add(
        '--into-checkpoint',
        action='store_true',
        help='write the choice into the checkpoint, too',
    )
    add('--plot', help='the drawing (that of --out with .png)')
    add('--work-dir', help='folder of the log')
    add(
        '--data-root',
        default=os.environ.get('MMSPG_DATA_ROOT'),
        help='folder of the data set (or MMSPG_DATA_ROOT)',
    )
    add('--input-size', type=int, help='side of the input in pixels')
    add(
        '--allow-pickle',
        action='store_true',
        help='unpickle checkpoints in full, which can run code',
    )
    add('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE')
    add(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
    )
    add('--local_rank', '--local-rank', type=int, default=0)
    args = parser.parse_args()
    if args.thresholds < 1:
        parser.error('--thresholds must be at least 1')
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    from mmspg.utils.unpickling import allow_pickle

    allow_pickle(args.allow_pickle)
    return args


def choosing_loader(cfg, split):
    """Give the dataloader of the choosing split, changed in place."""
    loader = cfg.get('val_dataloader') or cfg.get('test_dataloader')
    if loader is None:
        raise ValueError('the config has no val_dataloader to choose on')
    dataset = loader.dataset
    if split is None and 'metadata_root' in dataset:
        folder = Path(dataset.metadata_root).expanduser() / 'val'
        split = 'val' if folder.is_dir() else None
    if split is not None:
        if 'split' not in dataset:
            raise ValueError(
                f'--split {split}: {dataset.type} has no splits by name; '
                'change val_dataloader by --cfg-options'
            )
        dataset.split = split
    return loader


def sweeping_metric(cfg, number):
    """Give the config's LocalizationMetric, made to sweep."""
    evaluators = cfg.get('val_evaluator') or cfg.get('test_evaluator') or []
    if isinstance(evaluators, dict):
        evaluators = [evaluators]
    metric = dict(type='mmspg.LocalizationMetric')
    for found in evaluators:
        if str(found.get('type')).endswith('LocalizationMetric'):
            metric = dict(found)
            break
    metric.update(
        thresholds=number,
        threshold='oracle',
        top5_star='thresholds',
        star_thresholds=None,
    )
    return metric


def merge_args(cfg, args):
    from mmspg.utils import cfg as change

    if args.data_root:
        change.set_data_root(cfg, args.data_root)
    if args.input_size:
        change.set_input_size(cfg, args.input_size)
    cfg.merge_from_dict(change.parse_options(args.cfg_options))
    cfg.launcher = args.launcher
    cfg.load_from = args.checkpoint
    cfg.resume = False
    cfg.work_dir = args.work_dir or str(
        Path(cfg.get('work_dir') or 'work_dirs', 'sweep_threshold')
    )
    tested = (cfg.get('test_dataloader') or {}).get('dataset')
    tested = dict(tested) if tested else None
    cfg.test_dataloader = choosing_loader(cfg, args.split)
    cfg.test_evaluator = sweeping_metric(cfg, args.thresholds)
    cfg.setdefault('test_cfg', dict())
    change.set_dataloaders(cfg, True, False)
    return tested == dict(cfg.test_dataloader.dataset)


def main():
    args = parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

    # After the arguments, since these take seconds to import.
    from mmengine.dist import is_main_process
    from mmengine.runner import Runner

    from mmspg.utils.cfg import load_config
    from mmspg.utils.checkpoint import check_checkpoint

    try:
        cfg = load_config(args.config)
        same = merge_args(cfg, args)
        runner = Runner.from_cfg(cfg)
        check_checkpoint(
            getattr(runner.model, 'module', runner.model), args.checkpoint
        )
    except (FileNotFoundError, ValueError) as error:
        sys.exit(f'sweep_threshold.py: {error}')
    figures = runner.test()
    if is_main_process():
        write(figures, runner, args, same)


def write(figures, runner, args, same):
    """Write the choice and the drawing, and say where they are."""
    from mmspg.evaluation.protocol import (
        named_split,
        settings_of,
        store_choice,
        store_in_checkpoint,
        threshold_file,
        weights_digest,
    )
    from mmspg.utils.checkpoint import read_checkpoint, state_dict_of

    figures = {key.split('/', 1)[1]: v for key, v in figures.items()}
    metric = runner.test_evaluator.metrics[0]
    content = read_checkpoint(args.checkpoint)
    choice = dict(
        threshold=figures['threshold'],
        threshold_tight=figures['threshold_tight'],
        threshold_loose=figures['threshold_loose'],
        kind='chosen',
        chosen_on=named_split(runner.test_dataloader.dataset),
        resolution='original',
        iou_thr=metric.iou_thrs[0],
        strict=metric.strict,
        checkpoint=Path(args.checkpoint).name,
        weights=weights_digest(state_dict_of(content)),
        **settings_of(runner.cfg),
        gt_known_acc=figures['gt_known_acc'],
        curves=metric.curves,
    )
    out = Path(args.out) if args.out else threshold_file(args.checkpoint)
    store_choice(choice, out)
    if args.into_checkpoint:
        store_in_checkpoint(choice, args.checkpoint)
    plot = Path(args.plot) if args.plot else out.with_suffix('.png')
    draw(choice, plot)
    if same:
        print(
            'The config tests on this very split: a test with this threshold '
            'will be an oracle by another name. Choose on another one '
            '(--split).',
            file=sys.stderr,
        )
    print(
        f'threshold {choice["threshold"]:g}, chosen on {choice["chosen_on"]}: '
        f'GT-known {choice["gt_known_acc"]:.2f} %\n{out}\n{plot}'
    )


def draw(choice, path):
    """Draw accuracy against threshold."""
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot

    curves = choice['curves']
    figure, axes = pyplot.subplots(figsize=(6, 4), layout='constrained')
    for key, name in (
        ('gt_known_acc', 'GT-known'),
        ('top5_acc', 'Top-5'),
        ('top1_acc', 'Top-1'),
    ):
        axes.plot(curves['thresholds'], curves[key], label=name)
    axes.axvline(
        choice['threshold'],
        color='black',
        linewidth=0.8,
        linestyle='--',
        label=f'chosen: {choice["threshold"]:g}',
    )
    axes.set(
        xlabel='threshold, of the normalised score map',
        ylabel='localization accuracy, %',
        title=f'{choice["rule"]}, original resolution, {choice["chosen_on"]}',
        ylim=(0, 100),
    )
    axes.title.set_fontsize('small')
    axes.grid(alpha=0.3)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


if __name__ == '__main__':
    main()
