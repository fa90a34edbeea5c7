"""Test a trained model and write a folder of HTML to browse the results.

python tools/visualization/report.py WORK_DIR

takes the config and the last checkpoint of the work folder and writes
WORK_DIR/report/index.html: open it in a browser; it needs no server.
"""

import argparse
import sys
from pathlib import Path


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('work_dir', help='folder of a training')
    parser.add_argument('--config', help='default: the .py of the folder')
    parser.add_argument(
        '--checkpoint', help='default: the one last_checkpoint names'
    )
    parser.add_argument('--out', help='folder (WORK_DIR/report)')
    parser.add_argument('--data-root', help='as of tools/test.py')
    parser.add_argument('--input-size', type=int, help='likewise')
    parser.add_argument(
        '--number', type=int, help='only the first images of the test set'
    )
    parser.add_argument('--allow-pickle', action='store_true')
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], metavar='KEY=VALUE'
    )
    args = parser.parse_args()
    from mmspg.utils.unpickling import allow_pickle

    allow_pickle(args.allow_pickle)
    return args


def find_config(work_dir: Path) -> Path:
    configs = sorted(work_dir.glob('*.py'))
    if len(configs) != 1:
        raise ValueError(
            f'{work_dir} has {len(configs)} configs, not one: say which with '
            '--config FILE'
        )
    return configs[0]


def find_checkpoint(work_dir: Path) -> str:
    name = work_dir / 'last_checkpoint'
    if not name.is_file():
        raise ValueError(
            f'{work_dir} has no file last_checkpoint, which training writes: '
            'name a checkpoint with --checkpoint FILE'
        )
    path = Path(name.read_text().strip())
    # The folder may have been moved since.
    path = path if path.is_file() else work_dir / path.name
    if not path.is_file():
        raise ValueError(
            f'{name} names {path}, which is not there: name one with '
            '--checkpoint FILE'
        )
    return str(path)


def prepare(args):
    """The config of the test, its file, and the checkpoint."""
    from mmspg.evaluation.protocol import use_stored_choice
    from mmspg.utils import cfg as change

    work_dir = Path(args.work_dir)
    if not work_dir.is_dir():
        raise ValueError(f'there is no folder {work_dir}')
    checkpoint = args.checkpoint or find_checkpoint(work_dir)
    config = args.config or str(find_config(work_dir))
    cfg = change.load_config(config)
    if args.data_root:
        change.set_data_root(cfg, args.data_root)
    if args.input_size:
        change.set_input_size(cfg, args.input_size)
    cfg.merge_from_dict(change.parse_options(args.cfg_options))
    cfg.work_dir = str(Path(args.out or work_dir / 'report') / 'log')
    cfg.load_from, cfg.resume, cfg.launcher = checkpoint, False, 'none'
    if args.number:
        cfg.test_dataloader.dataset.indices = args.number
    change.set_dataloaders(cfg, pin_memory=False, persistent_workers=False)
    found = cfg.test_evaluator
    found = found if isinstance(found, list) else [found]
    metrics = [
        dict(m) for m in found if m['type'].endswith('LocalizationMetric')
    ] or [dict(type='mmspg.LocalizationMetric')]
    cfg.test_evaluator = [dict(metrics[0], per_class=True)]
    use_stored_choice(cfg, checkpoint)
    return cfg, config, checkpoint


def recorder():
    """A hook that keeps what the report needs of each image."""
    from mmengine.hooks import Hook

    from mmspg.evaluation.samples import class_map, true_label

    class Recorder(Hook):
        def __init__(self):
            self.samples = []

        def after_test_iter(self, runner, batch_idx, data_batch, outputs):
            for sample in outputs:
                fields = sample.cpu().numpy().to_dict()
                label = true_label(fields)
                # Of the maps that one alone: there may be many images.
                fields['score_map'] = class_map(fields, label)[None]
                fields['score_map_labels'] = [label]
                self.samples.append(fields)

    return Recorder()


def main():
    args = parse_args()

    # After the arguments, since these take seconds to import.
    from mmengine.runner import Runner

    from mmspg.datasets.images import read_image
    from mmspg.utils.checkpoint import check_checkpoint
    from mmspg.visualization.report import (
        report_image,
        slider_thresholds,
        write_report,
    )

    try:
        cfg, config, checkpoint = prepare(args)
        runner = Runner.from_cfg(cfg)
        check_checkpoint(runner.model, checkpoint)
    except (OSError, ValueError) as error:
        sys.exit(f'report.py: {error}')
    record = recorder()
    runner.register_hook(record)
    figures = {
        key.removeprefix('loc/'): value for key, value in runner.test().items()
    }
    dataset = runner.test_dataloader.dataset
    (metric,) = runner.test_evaluator.metrics
    head = runner.model.head
    classes = dataset.metainfo.get('classes') or [
        f'class {i}' for i in range(head.num_classes)
    ]
    positions = slider_thresholds(figures['threshold'])
    page = write_report(
        args.out or Path(args.work_dir) / 'report',
        (
            (
                report_image(
                    sample, positions, metric.rule, metric.align_corners
                ),
                read_image(sample['img_path'], sample.get('exif', 'ignore')),
            )
            for sample in record.samples
        ),
        dict(figures, curves=metric.curves),
        classes,
        title=f'{Path(config).stem}: localization',
        summary=[
            ('config', Path(config).name),
            ('checkpoint', Path(checkpoint).name),
            ('data set', type(dataset).__name__),
            ('split', getattr(dataset, 'split', '')),
            ('images', len(record.samples)),
            ('classes', len(classes)),
            (
                'network',
                f'{type(runner.model.backbone).__name__}, '
                f'{type(head).__name__}',
            ),
        ],
        iou=metric.iou_thrs[0],
        strict=metric.strict,
    )
    print(f'{len(record.samples)} images: open {page} in a browser')


if __name__ == '__main__':
    main()
