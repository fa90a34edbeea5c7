"""Train and test every compared system on photographs of birds, briefly.

    python tools/benchmarks/baselines_on_real.py --data DIR --work-dir WORK

DIR has `cub40` (40 species of CUB-200-2011), `weights/` with the ImageNet
weights of Inception-v3 up to Mixed_6e, and `make_layouts.py`. What is not
Inception-v3 starts from random weights: its figures show that it runs, and no
more. Each row is a call of tools/train.py and one of tools/test.py; WORK
keeps them in commands.txt, and the rows in rows.csv. A second call goes on
where the first ended.
"""

import argparse
import csv
import json
import runpy
import shlex
import sys
import time
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

TOOLS = Path(__file__).resolve().parents[1]
CONFIGS = TOOLS.parent / 'configs'
FIGURES = ('gt_known_err', 'top1_err', 'top5_err', 'cls_top1_err')
COLUMNS = (
    *('config', 'trunk', 'seed', 'side', 'images', 'epochs'),
    *(*FIGURES, 'protocol', 'seconds'),
)


class Row(NamedTuple):
    """A system: its config, and whose checkpoint it tests if not its own."""

    config: str
    checkpoint_of: str = ''

    @property
    def name(self):
        return Path(self.config).stem

    @property
    def pretrained(self):
        return 'inceptionv3' in self.name


def rows():
    """All rows: Inception-v3 first, attributions after what they read.

    A system with configs for both data sets is run by that for CUB; of the
    others the config for ILSVRC is run on CUB's images.
    """
    names = sorted(p.stem for p in (CONFIGS / 'baselines').glob('*.py'))
    stems = {name.removesuffix('_cub') for name in names}
    names = [
        f'baselines/{name}'
        for name in names
        if name.removesuffix('_imagenet') not in stems
    ]
    reading = [n for n in names if 'AttributionClassifier' in text_of(n)]
    own = [
        'spg_inceptionv3_cub',
        'spg-plain_inceptionv3_cub',
        'spg_vgg16_cub',
        'spg_resnet50_cub',
        *(n for n in names if n not in reading),
    ]
    own.sort(key=lambda name: 'inceptionv3' not in name)
    return [Row(name) for name in own] + [
        Row(n, 'cam_vgg16_cub' if 'vgg16' in n else 'cam_googlenet_cub')
        for n in reading
    ]


def text_of(name):
    return (CONFIGS / f'{name}.py').read_text(encoding='utf-8')


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--data', required=True, type=Path)
    parser.add_argument('--work-dir', required=True, type=Path)
    parser.add_argument('--side', type=int, default=96, help='of the input')
    parser.add_argument(
        '--train', type=int, default=30, help='training images of a species'
    )
    parser.add_argument(
        '--test', type=int, default=14, help='test images of a species'
    )
    parser.add_argument('--epochs', type=int, default=2)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--minutes', type=float, help='begin no row after so many'
    )
    parser.add_argument(
        '--only', nargs='+', default=[''], help="parts of configs' names"
    )
    return parser.parse_args()


def fewer(source, target, train, test):
    """A copy of CUB's files with so many images of each species."""
    if target.is_dir():
        return
    target.mkdir(parents=True)
    files = {
        name: [
            line.split(' ', 1)
            for line in (source / f'{name}.txt').read_text().splitlines()
        ]
        for name in (
            'images',
            'image_class_labels',
            'train_test_split',
            'bounding_boxes',
        )
    }
    label = dict(files['image_class_labels'])
    count, kept = Counter(), set()
    for image, training in files['train_test_split']:
        key = (label[image], training)
        count[key] += 1
        if count[key] <= (train if training == '1' else test):
            kept.add(image)
    for name, lines in files.items():
        (target / f'{name}.txt').write_text(
            ''.join(f'{i} {rest}\n' for i, rest in lines if i in kept)
        )
    classes = (source / 'classes.txt').read_text()
    (target / 'classes.txt').write_text(classes)
    (target / 'images').symlink_to((source / 'images').resolve())


def prepare(args):
    """The data and the trunk's weights, in the work folder."""
    work = args.work_dir
    cub = work / f'cub_{args.train}_{args.test}'
    if not cub.is_dir():
        call(work, args.data / 'make_layouts.py', work / 'layouts')
        fewer(work / 'layouts/CUB_200_2011', cub, args.train, args.test)
    trunk = work / 'inception_v3.pth'
    if not trunk.is_file():
        weights = args.data / 'weights'
        call(
            work,
            TOOLS / 'model_converters/convert_checkpoint.py',
            weights / 'inception_v3_trunk_mixed6e_fp16.safetensors',
            trunk,
            '--source=torchvision',
            '--overlay',
            weights / 'conv1a_for_imagenet_mean_std.safetensors',
        )
    return cub, trunk


def call(work, script, *arguments):
    """Run a script in this process, whose imports take a while.

    The command and what it says are kept in the work folder.

    Raises:
        RuntimeError: It failed.
    """
    command = [str(script), *map(str, arguments)]
    with (work / 'commands.txt').open('a') as file:
        file.write('python ' + shlex.join(command) + '\n')
    before, sys.argv = sys.argv, command
    try:
        with (
            (work / 'log.txt').open('a') as log,
            redirect_stdout(log),
            redirect_stderr(log),
        ):
            runpy.run_path(command[0], run_name='__main__')
    except (Exception, SystemExit) as error:
        if not isinstance(error, SystemExit) or error.code:
            raise RuntimeError(f'{shlex.join(command)}: {error}') from error
    finally:
        sys.argv = before


def options(row, args, trunk):
    """Settings that all rows share, and where the trunk comes from."""
    shared = [
        'model.head.num_classes=40',
        'model.head.score_map_topk=0',  # the metric asks for the true class's
        'train_dataloader.num_workers=0',
        'test_dataloader.num_workers=0',
        f'randomness.seed={args.seed}',
    ]
    if not row.pretrained:
        return ['--cfg-options', *shared, 'model.backbone.init_cfg=None']
    # The head alone is trained: seconds, not hours.
    shared.append('model.backbone.frozen_stages=2')
    return ['--pretrained', trunk, '--cfg-options', *shared]


def measure(row, args, cub, trunk):
    """Train, unless the checkpoint is another row's, and test."""
    start = time.perf_counter()
    folder = args.work_dir / (row.checkpoint_of or row.name)
    common = ['--data-root', cub, '--input-size', args.side]
    settings = options(row, args, trunk)
    config = CONFIGS / f'{row.config}.py'
    if 'imagenet' in row.name:
        config = on_birds(row, args.work_dir)
    if not row.checkpoint_of:
        call(
            args.work_dir,
            TOOLS / 'train.py',
            config,
            *('--work-dir', folder, '--no-validate', *common),
            *settings,
            f'train_cfg.max_epochs={args.epochs}',
            'param_scheduler=None',
            # A few hundred steps: at the configs' 0.001 they leave no chance.
            'optim_wrapper.optimizer.lr=0.002',
            'optim_wrapper.clip_grad.max_norm=5',
            'train_dataloader.batch_size=20',
        )
    out = args.work_dir / f'{row.name}.json'
    tested = [s for s in settings if s not in ('--pretrained', trunk)]
    call(
        args.work_dir,
        TOOLS / 'test.py',
        config,
        folder / f'epoch_{args.epochs}.pth',
        *('--work-dir', args.work_dir / row.name, *common),
        *('--out', out, '--out-item', 'metrics'),
        *tested,
    )
    figures = json.loads(out.read_text())
    trunk_is = 'ImageNet, frozen' if row.pretrained else 'random'
    return dict(
        config=row.name,
        trunk=trunk_is,
        seed=args.seed,
        side=args.side,
        images=40 * args.train,
        epochs=args.epochs,
        **{k: f'{figures[f"loc/{k}"]:.2f}' for k in FIGURES},
        protocol=figures['loc/protocol'],
        seconds=round(time.perf_counter() - start, 1),
    )


def on_birds(row, work):
    """A child of an ImageNet config that reads CUB."""
    path = work / f'{row.name}.py'
    path.write_text(
        f"_base_ = ['{CONFIGS / row.config}.py']\n"
        + ''.join(
            f"{loader}_dataloader = dict(dataset=dict(type='mmspg.CUBLoc', "
            f"split='{split}'))\n"
            for loader, split in (
                ('train', 'train'),
                ('val', 'test'),
                ('test', 'test'),
            )
        )
    )
    return path


def done(path):
    if not path.is_file():
        return set()
    with path.open(encoding='utf-8', newline='') as file:
        return {row['config'] for row in csv.DictReader(file)}


def main():
    args = parse_args()
    args.work_dir.mkdir(parents=True, exist_ok=True)
    args.work_dir = args.work_dir.resolve()
    cub, trunk = prepare(args)
    table, begin = args.work_dir / 'rows.csv', time.monotonic()
    for row in rows():
        if row.name in done(table) or not any(
            o in row.name for o in args.only
        ):
            continue
        if args.minutes and time.monotonic() - begin > 60 * args.minutes:
            print('The time is over; call again to go on.')
            break
        try:
            found = measure(row, args, cub, trunk)
        except RuntimeError as error:
            print(f'{row.name} failed: {error}')
            continue
        new = not table.is_file()
        with table.open('a', encoding='utf-8', newline='') as file:
            writer = csv.DictWriter(file, COLUMNS)
            if new:
                writer.writeheader()
            writer.writerow(found)
        print(found, flush=True)


if __name__ == '__main__':
    main()
