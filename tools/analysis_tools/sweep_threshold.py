"""Choose the score threshold on one split for the test on another.

    python tools/analysis_tools/sweep_threshold.py CHECKPOINT

runs the model on the choosing split, draws accuracy over threshold and writes
the best threshold for GT-known (of equals, the lowest) beside the checkpoint,
where tools/test.py and the inferencer find it. On the same images it chooses
when a class has several boxes, and fits how sure a box is. The config is the
one that the checkpoint carries; another config may stand before it. The
choosing split is --split, or 'val' of the benchmark's metadata if it exists,
or else the split that the config validates on.
"""

import copy
import sys
from pathlib import Path

from mmspg.utils import command_line as cli

MOST = 5000  # images in each process to choose the rest of the boxes on


def parse_args():
    parser = cli.tool_parser(__doc__)
    add = parser.add_argument
    cli.add_model(parser)
    add('--split', help='split of the data set to choose on')
    add(
        '--thresholds',
        type=int,
        default=100,
        help='number of thresholds, evenly spaced from 0 (default: '
        '%(default)s)',
    )
    add(
        '--out',
        metavar='FILE',
        help='file for the choice (default: the name of the checkpoint with '
        '.threshold.json)',
    )
    add(
        '--into-checkpoint',
        action='store_true',
        help='also write the choice into the checkpoint',
    )
    add(
        '--plot',
        metavar='FILE',
        help='file for the drawing (default: the name of --out with .png)',
    )
    cli.add_shared(
        parser,
        *('--work-dir', '--data-root', '--input-size', '--allow-pickle'),
        *('--cfg-options', '--launcher'),
    )
    args = cli.read_arguments(parser)
    if args.thresholds < 1:
        parser.error('--thresholds must be at least 1')
    if args.checkpoint is None:
        parser.error('the checkpoint is missing: CONFIG CHECKPOINT')
    if '://' in args.checkpoint and not args.out:
        parser.error(
            'no file can lie beside an address: give --out FILE, and use it '
            'with --cfg-options test_evaluator.threshold=FILE'
        )
    if '://' in args.checkpoint and args.into_checkpoint:
        parser.error('--into-checkpoint cannot write to an address')
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
                f'--split {split}: {dataset.type} has no named splits. '
                'Change val_dataloader with --cfg-options'
            )
        dataset.split = split
    return loader


def measuring_loader(loader, split):
    """Give the dataloader of another split than that of the choice."""
    if loader.dataset.get('split') in (None, split):
        raise ValueError(
            f'--measure-on {split}: the choice is made on this split, or the '
            'data set has no named splits. Name another split to measure on'
        )
    loader = copy.deepcopy(loader)
    loader.dataset.split = split
    return loader


def sweeping_metric(cfg, number):
    """Give the config's LocalizationMetric, made to sweep."""
    from mmspg.evaluation.choices import localization_metrics

    found = localization_metrics(
        cfg.get('val_evaluator') or cfg.get('test_evaluator')
    )
    if (cfg.model.get('head') or {}).get('multi_label'):
        raise ValueError(
            'this tool chooses for images with one class. The validation of '
            'a training with several labels chooses the threshold itself: '
            'see threshold in the figures of DetectionMetric'
        )
    metric = found[0] if found else dict(type='mmspg.LocalizationMetric')
    if metric.get('rule') == 'mean':  # its thresholds are means of the map
        number = metric.get('thresholds', number)
    return dict(
        metric,
        thresholds=number,
        threshold='oracle',
        top5_star='thresholds',
        star_thresholds=None,
    )


def configure(args):
    """Give config and checkpoint, and whether the test has the same split."""
    from mmspg.evaluation.choices import localization_metrics

    cfg, content = cli.read_model(args)
    cli.apply_arguments(cfg, args)
    if not args.work_dir:
        cfg.work_dir = str(Path(cfg.work_dir, 'sweep_threshold'))
    tested = (cfg.get('test_dataloader') or {}).get('dataset')
    tested = dict(tested) if tested else None
    evaluator = cfg.get('test_evaluator') or cfg.get('val_evaluator')
    for metric in localization_metrics(evaluator)[:1]:
        if isinstance(metric.get('threshold'), int | float):
            print(
                f'The config fixes the threshold {metric.threshold:g}, which '
                'wins over the one that is chosen now. To use that one, add '
                '--cfg-options test_evaluator.threshold=checkpoint',
                file=sys.stderr,
            )
    cfg.test_dataloader = choosing_loader(cfg, args.split)
    cfg.test_evaluator = sweeping_metric(cfg, args.thresholds)
    cfg.setdefault('test_cfg', dict())
    return cfg, content, tested == dict(cfg.test_dataloader.dataset)


def main():
    args = parse_args()

    # After the arguments, since these take seconds to import.
    from mmengine.dist import is_main_process

    from mmspg.engine.hooks.sample_recorder import SampleRecorder
    from mmspg.engine.runner import build_test_runner
    from mmspg.utils.remedies import AGAIN, ending_with_remedy
    from mmspg.utils.upstream.process_group import (
        enter_process_group,
        leave_process_group,
    )

    with cli.errors_in_one_line(args):
        cfg, content, same = configure(args)
        enter_process_group(cfg)
        runner = build_test_runner(cfg, args.checkpoint, content)
    record = SampleRecorder(MOST)
    runner.register_hook(record)
    with ending_with_remedy('sweep_threshold.py', cfg.work_dir, AGAIN):
        figures = runner.test()
        samples = record.gathered()
        if is_main_process():
            write(figures, runner, args, content, same, samples)
        leave_process_group()


def write(figures, runner, args, content, same, samples):
    """Write the choice and the drawing, and say where they are."""
    from mmspg.engine.hooks.box_choice_hook import told
    from mmspg.evaluation.box_choices import choose_box_step
    from mmspg.evaluation.choices import (
        settings_of,
        store_choice,
        store_in_checkpoint,
        threshold_file,
        weights_digest,
    )
    from mmspg.evaluation.protocol import named_split, protocol_with
    from mmspg.utils.checkpoint import state_dict_of

    figures = {key.split('/', 1)[1]: v for key, v in figures.items()}
    metric = runner.test_evaluator.metrics[0]
    settings = settings_of(runner.cfg)
    protocol = protocol_with(settings, figures['threshold'])
    box_step = choose_box_step(samples, protocol)
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
        **settings,
        **box_step,
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
            'The config tests on the same split, so a test with this '
            'threshold is an oracle. Choose on another split (--split).',
            file=sys.stderr,
        )
    print(
        f'threshold {choice["threshold"]:g}, chosen on {choice["chosen_on"]}: '
        f'GT-known {choice["gt_known_acc"]:.2f} %\n{told(box_step)}\n'
        f'{out}\n{plot}'
    )


def draw(choice, path):
    """Draw accuracy over threshold."""
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
        xlabel='threshold of the normalised score map',
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
