"""Train and test every compared system on photographs of birds, briefly.

    python projects/evidence/baselines.py --data DIR --work-dir WORK

DIR has a split.csv (README.md). What is not Inception-v3 starts from random
weights: its figures show that it runs, and no more. Each row is a call of
tools/train.py and one of tools/test.py; WORK keeps their configs and logs, and
the rows in rows.csv. A second call goes on where the first ended.
"""

import argparse
import json
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import NamedTuple

from study.configs import ROOT, run_config
from study.jobs import work_off
from study.parts import write_parts
from study.table import Table
from study.training import train

from mmspg.utils.cfg import load_config

CONFIGS = ROOT / 'configs'
FIGURES = ('gt_known_err', 'top1_err', 'top5_err', 'cls_top1_err')
KEY = ('config', 'seed', 'side')
COLUMNS = (*KEY, 'trunk', 'epochs', *FIGURES, 'protocol', 'seconds')
SHARED = {
    'model.head.score_map_topk': 0,  # the metric asks for the true class's
    'param_scheduler': None,
    # A few hundred steps: at the configs' 0.001 they leave no chance.
    'optim_wrapper.optimizer.lr': 0.002,
    'optim_wrapper.clip_grad.max_norm': 5,
    **{
        f'{name}_dataloader.{key}': value
        for name in ('train', 'test')
        for key, value in (
            ('batch_size', 20),
            ('num_workers', 0),
            ('persistent_workers', False),
        )
    },
}


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

    A system with configs for both data sets is run by that for CUB.
    """
    names = sorted(p.stem for p in (CONFIGS / 'baselines').glob('*.py'))
    stems = {name.removesuffix('_cub') for name in names}
    names = [
        f'baselines/{name}'
        for name in names
        if name.removesuffix('_imagenet') not in stems
    ]
    reading = [n for n in names if model_of(n) == 'AttributionClassifier']
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


def model_of(name):
    kind = load_config(str(CONFIGS / f'{name}.py')).model.type
    return kind.removeprefix('mmspg.')


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('--data', required=True, type=Path)
    add('--work-dir', required=True, type=Path)
    add('--pretrained', help="weights of Inception-v3; default: the config's")
    add('--side', type=int, default=96, help='of the input')
    add('--train', type=int, default=30, help='training images of a class')
    add('--test', type=int, default=14, help='test images of a class')
    add('--epochs', type=int, default=2)
    add('--seed', type=int, default=0)
    add(
        '--minutes',
        type=float,
        default=float('inf'),
        help='begin no row after so many',
    )
    add('--only', nargs='+', default=[''], help="parts of configs' names")
    return parser.parse_args()


def measure(args, data, job, folder, lock):
    """Train, unless the checkpoint is another row's, and test."""
    (row,) = (row for row in rows() if row.name == job['config'])
    start = time.perf_counter()
    own = {'train_cfg.max_epochs': args.epochs}
    if row.pretrained:  # the head alone is trained: seconds, not hours
        own['model.backbone.frozen_stages'] = 2
    else:
        own['model.backbone.init_cfg'] = None
    cfg = run_config(
        f'configs/{row.config}.py',
        (SHARED, own),
        args.side,
        args.seed,
        args.pretrained if row.pretrained else None,
        data,
    )
    if row.checkpoint_of:
        read = folder.name.replace(row.name, row.checkpoint_of)
        checkpoint = folder.with_name(read) / f'epoch_{args.epochs}.pth'
        folder.mkdir(exist_ok=True)
        cfg.dump(folder / 'run.py')
    else:
        checkpoint = train(cfg, folder, lock)
    out = folder / 'metrics.json'
    done = subprocess.run(
        [
            *(sys.executable, ROOT / 'tools/test.py'),
            *(folder / 'run.py', checkpoint, '--work-dir', folder),
            *('--out', out, '--out-item', 'metrics'),
        ],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-4000:])
    figures = json.loads(out.read_text())
    return [
        dict(
            job,
            trunk='ImageNet, frozen' if row.pretrained else 'random',
            epochs=args.epochs,
            **{k: f'{figures[f"loc/{k}"]:.2f}' for k in FIGURES},
            protocol=figures['loc/protocol'],
            seconds=round(time.perf_counter() - start),
        )
    ]


def main():
    args = parse_args()
    work = args.work_dir.resolve()
    metadata = work / f'parts_{args.train}_{args.test}'
    if not metadata.is_dir():
        write_parts(args.data, metadata, args.train, 0, test=args.test)
    work_off(
        (
            dict(config=row.name, seed=args.seed, side=args.side)
            for row in rows()
            if any(part in row.name for part in args.only)
        ),
        partial(measure, args, (args.data.resolve(), metadata)),
        Table(work / 'rows.csv', COLUMNS, KEY),
        work,
        args.minutes,
    )


if __name__ == '__main__':
    main()
