r"""Test a model: class and localization figures, pictures, predictions.

python tools/test.py configs/spg_inceptionv3_cub.py CHECKPOINT \
        --data-root DIR

Without a config it takes the one that the checkpoint carries.
"""

from mmspg.utils import command_line as cli


def parse_args():
    parser = cli.tool_parser(__doc__)
    add = parser.add_argument
    cli.add_model(parser)
    cli.add_shared(parser, *cli.RUN)
    add('--out', metavar='FILE', help='the file to write results to')
    add(
        '--out-item',
        choices=['metrics', 'pred'],
        help='what to write to --out: the metrics or, by default, the '
        'predictions',
    )
    add(
        '--dump-score-maps',
        metavar='DIR',
        help='write the score maps into this folder, for '
        'tools/analysis_tools/eval_score_maps.py',
    )
    add(
        '--dump-form',
        choices=['compact', 'benchmark'],
        default='compact',
        help='form of --dump-score-maps: compact has all maps at feature '
        'resolution with 16 bits; benchmark has the map of the true class at '
        '224 x 224, as in the .npy files of the WSOL benchmark (default: '
        '%(default)s)',
    )
    add(
        '--fold-bn',
        action='store_true',
        help='fold BatchNorm into the convolutions: this is faster, and the '
        'results differ by rounding',
    )
    add('--show-dir', metavar='DIR', help='write pictures into this folder')
    add('--show', action='store_true', help='show pictures in a window')
    add(
        '--interval',
        type=int,
        default=1,
        help='draw every n-th sample (default: %(default)s)',
    )
    add(
        '--wait-time',
        type=float,
        default=2,
        help='seconds that a window stays (default: %(default)s)',
    )
    add(
        '--tta',
        action='store_true',
        help="test-time augmentation with the config's tta_model and "
        'tta_pipeline: the ten crops of the paper',
    )
    args = cli.read_arguments(parser)
    if args.out_item and not args.out:
        parser.error('--out-item needs --out FILE')
    kinds = ('.json', '.yaml', '.yml', '.pkl', '.pickle')
    if args.out_item != 'metrics':
        kinds = kinds[3:]
    if args.out and not args.out.endswith(kinds):
        parser.error(
            f'--out {args.out}: the file must end in {" or ".join(kinds)}. '
            'Figures as JSON: --out FILE.json --out-item metrics'
        )
    if args.checkpoint is None:
        parser.error('the checkpoint is missing: CONFIG CHECKPOINT')
    return args


def configure(args):
    """Give the config of the test, and the content of the checkpoint."""
    from mmspg.evaluation.protocol import use_stored_choice
    from mmspg.utils.cfg import set_tta, show_pictures

    cfg, content = cli.read_model(args)
    if args.amp:
        cfg.test_cfg.fp16 = True
    if args.fold_bn:
        hooks = list(cfg.get('custom_hooks') or ())
        cfg.custom_hooks = [*hooks, dict(type='mmspg.FoldBatchNormHook')]
    if args.show or args.show_dir:
        show_pictures(
            cfg, args.show, args.show_dir, args.wait_time, args.interval
        )
    cli.apply_arguments(cfg, args)
    if args.tta:  # last, so that model.* of --cfg-options means the same
        set_tta(cfg)
    use_stored_choice(cfg, args.checkpoint, content)
    return cfg, content


def add_outputs(metrics, args, cfg):
    """Add the metrics that write predictions and score maps."""
    from mmengine.evaluator import DumpResults
    from mmengine.registry import METRICS

    from mmspg.evaluation.choices import settings_of

    if args.out and args.out_item != 'metrics':
        metrics.append(DumpResults(out_file_path=args.out))
    if args.dump_score_maps:
        dump = dict(
            type='mmspg.DumpScoreMaps',
            out_dir=args.dump_score_maps,
            form=args.dump_form,
            score_map_steps=settings_of(cfg)['score_map_steps'],
        )
        metrics.append(METRICS.build(dump))


def main():
    args = parse_args()

    # After the arguments, since these take seconds to import. mmspg is first:
    # it says what is missing, and repairs a half-written cache of yapf, which
    # OpenMMLab's MMEngine imports at once.
    import mmspg.models  # noqa: F401

    # isort: split
    import mmengine
    from mmengine.dist import is_main_process

    from mmspg.engine.runner import build_test_runner
    from mmspg.utils.remedies import AGAIN, ending_with_remedy
    from mmspg.utils.run_report import write_run_report
    from mmspg.utils.upstream.process_group import (
        enter_process_group,
        leave_process_group,
    )

    with cli.errors_in_one_line(args):
        cfg, content = configure(args)
        enter_process_group(cfg)
        runner = build_test_runner(cfg, args.checkpoint, content)
    add_outputs(runner.test_evaluator.metrics, args, cfg)
    with ending_with_remedy('test.py', cfg.work_dir, AGAIN):
        metrics = runner.test()
        write_run_report(runner, args.checkpoint, metrics)
        if args.out and args.out_item == 'metrics' and is_main_process():
            mmengine.dump(metrics, args.out)
        leave_process_group()


if __name__ == '__main__':
    main()
