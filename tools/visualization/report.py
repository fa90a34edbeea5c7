"""Test a trained model and write a folder of HTML to browse the results.

python tools/visualization/report.py WORK_DIR

takes the config and the last checkpoint of the work folder and writes
WORK_DIR/report/index.html. Open it in a browser; it needs no server. For
images without boxes it shows classes, maps and predicted boxes.
"""

import re
from pathlib import Path

from mmspg.utils import command_line as cli


def parse_args():
    parser = cli.tool_parser(__doc__)
    add = parser.add_argument
    add('work_dir', help='folder of a training')
    add('--config', help='config file (default: the .py file of the folder)')
    add(
        '--checkpoint',
        help='weights (default: the file that last_checkpoint names)',
    )
    add(
        '--out',
        metavar='DIR',
        help='folder to write to (default: WORK_DIR/report)',
    )
    add('--number', type=int, help='take only so many images of the test set')
    cli.add_shared(parser, '--data-root', '--input-size')
    cli.add_shared(parser, '--allow-pickle', '--cfg-options')
    return cli.read_arguments(parser)


def find_config(work_dir: Path) -> Path:
    # A test leaves its config there, too, named after the time.
    configs = [
        path
        for path in sorted(work_dir.glob('*.py'))
        if not re.fullmatch(r'\d{8}_\d{6}', path.stem)
    ]
    if len(configs) != 1:
        raise ValueError(
            f'{work_dir} has {len(configs)} configs, not one: name one with '
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
    """The config of the test, what the checkpoint holds, and the protocol.

    Without boxes the classes alone are tested; the protocol is then that of
    the checkpoint, else None: the metric has its own.
    """
    from mmspg.evaluation.choices import localization_metrics
    from mmspg.evaluation.protocol import protocol_of, use_stored_choice
    from mmspg.visualization.report import check_folder

    work_dir = Path(args.work_dir)
    if not work_dir.is_dir():
        raise ValueError(f'there is no folder {work_dir}')
    check_folder(args.out or work_dir / 'report')
    args.checkpoint = args.checkpoint or find_checkpoint(work_dir)
    args.config = args.config or str(find_config(work_dir))
    cfg, content = cli.read_model(args)
    cli.apply_arguments(cfg, args)
    cfg.work_dir = str(Path(args.out or work_dir / 'report') / 'log')
    if args.number:
        cfg.test_dataloader.dataset.indices = args.number
    if has_boxes(cfg.test_dataloader.dataset):
        found = localization_metrics(cfg.test_evaluator)
        metric = found[0] if found else dict(type='mmspg.LocalizationMetric')
        if str(metric['type']).endswith('DetectionMetric'):
            raise ValueError(
                'the report is for images with one class. Networks with '
                'several labels have the figures of tools/test.py, and '
                'pictures by --show-dir'
            )
        cfg.test_evaluator = [dict(metric, per_class=True)]
        use_stored_choice(cfg, args.checkpoint, content)
        return cfg, content, None
    print(
        'No image has a box: the report shows where the boxes are put, '
        'and cannot tell which are right.'
    )
    protocol = protocol_of(cfg, args.checkpoint, content)
    cfg.test_dataloader.dataset.test_mode = False
    cfg.test_evaluator = [dict(type='Accuracy', topk=(1,))]
    return cfg, content, protocol


def has_boxes(dataset):
    """Whether an image of the data set has a box."""
    from mmspg.registry import DATASETS

    if 'datasets' in dataset or 'dataset' in dataset:
        raise ValueError(
            'the report is of one data set, and test_dataloader.dataset is a '
            f'{dataset["type"]}. Name a config that tests on one of its data '
            'sets: --config FILE'
        )
    images = DATASETS.build(dict(dataset, test_mode=False, pipeline=[]))
    return any(
        'ori_gt_bboxes' in images.get_data_info(i) for i in range(len(images))
    )


def main():
    args = parse_args()

    # After the arguments, since these take seconds to import.
    from mmspg.datasets.images.reading import read_image
    from mmspg.engine.hooks.sample_recorder import SampleRecorder
    from mmspg.engine.runner import build_test_runner
    from mmspg.evaluation.box_choices import precision_report
    from mmspg.evaluation.choices import settings_of
    from mmspg.evaluation.protocol import box_step_of, protocol_with
    from mmspg.visualization.report import (
        report_image,
        slider_thresholds,
        write_report,
    )

    with cli.errors_in_one_line(args):
        cfg, content, protocol = prepare(args)
        runner = build_test_runner(cfg, args.checkpoint, content)
    record = SampleRecorder()
    runner.register_hook(record)
    figures = {
        key.removeprefix('loc/'): value for key, value in runner.test().items()
    }
    dataset = runner.test_dataloader.dataset
    (metric,) = runner.test_evaluator.metrics
    truth = {}
    if protocol is None:
        protocol = metric
        figures['curves'] = metric.curves
        truth = dict(iou=metric.iou_thrs[0], strict=metric.strict)
        stored = cfg.test_evaluator[0].get('threshold')
        chosen = protocol_with(
            settings_of(cfg),
            figures['threshold'],
            **box_step_of(stored if isinstance(stored, dict) else None),
        )
        figures.update(precision_report(record.samples, chosen))
    else:
        accuracy = figures['accuracy/top1']
        figures = dict(
            threshold=protocol.threshold,
            cls_top1_acc=accuracy,
            cls_top1_err=100 - accuracy,
            protocol=f'threshold {protocol.threshold:g} ({protocol.source}), '
            f'rule {protocol.rule}; no image has a true box',
        )
    head = runner.model.head
    backbone = getattr(runner.model, 'backbone', runner.model)  # an ensemble
    classes = dataset.metainfo.get('classes') or [
        f'class {i}' for i in range(head.num_classes)
    ]
    positions = slider_thresholds(figures['threshold'])
    page = write_report(
        args.out or Path(args.work_dir) / 'report',
        (
            (
                report_image(sample, positions, **protocol.reading),
                read_image(sample['img_path'], sample.get('exif', 'ignore')),
            )
            for sample in record.samples
        ),
        figures,
        classes,
        title=f'{Path(args.config).stem}: localization',
        summary=[
            ('config', Path(args.config).name),
            ('checkpoint', Path(args.checkpoint).name),
            ('data set', type(dataset).__name__),
            ('split', getattr(dataset, 'split', '')),
            ('images', len(record.samples)),
            ('classes', len(classes)),
            (
                'network',
                f'{type(backbone).__name__}, {type(head).__name__}',
            ),
        ],
        **truth,
    )
    print(f'{len(record.samples)} images: open {page} in a browser')


if __name__ == '__main__':
    main()
