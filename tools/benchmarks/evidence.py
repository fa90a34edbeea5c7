"""Does SPG find more of the object than SPG-plain? On real photographs.

    python tools/benchmarks/evidence.py --data DIR --work-dir WORK

DIR has ``cub40`` and ``ilsvrc10``, each with ``split.csv``, and ``weights``.
Every run trains one system with one seed and is a command of tools/train.py;
it appends a row for each of its maps to the table. Thresholds are chosen on
the validation part; the test part is measured once, and only under the
setting ``base``. A second call goes on where the first ended, and several can
share the work.
"""

import argparse
import fcntl
import subprocess
import sys
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

from evidence_runs import table
from evidence_runs.measuring import CentredBox, Network, measure, pack
from evidence_runs.parts import write_parts
from evidence_runs.systems import (
    DATA_SETS,
    FIRST_LAYER_AS_IS,
    SETTINGS,
    SYSTEMS,
)
from evidence_runs.training import TOOLS, fate, run_config, seconds, train

PACKAGES = ('torch', 'torchvision', 'numpy')
ALIASES = ('mmengine', 'mmcv', 'mmpretrain')


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--data', required=True, type=Path)
    parser.add_argument('--work-dir', required=True, type=Path)
    parser.add_argument(
        '--out', type=Path, default=TOOLS.parent / 'docs/evidence.csv'
    )
    parser.add_argument(
        '--data-sets', nargs='+', default=list(DATA_SETS), choices=DATA_SETS
    )
    parser.add_argument(
        '--systems', nargs='+', default=['SPG-plain', 'SPG'], choices=SYSTEMS
    )
    parser.add_argument(
        '--settings', nargs='+', default=['base'], choices=SETTINGS
    )
    parser.add_argument('--seeds', nargs='+', type=int, default=range(5))
    parser.add_argument('--side', type=int, default=96, help='of the input')
    parser.add_argument(
        '--minutes',
        type=float,
        default=float('inf'),
        help='begin no run after so many',
    )
    return parser.parse_args()


def prepare(args):
    """Lists of images and the trunk's weights, once."""
    for data_set in DATA_SETS.values():
        if not (args.work_dir / 'parts' / data_set.name).is_dir():
            write_parts(
                args.data / data_set.name,
                args.work_dir / 'parts' / data_set.name,
                data_set,
            )
    weights = args.data / 'weights'
    overlay = weights / 'conv1a_for_imagenet_mean_std.safetensors'
    for name, options in (
        ('inception_v3.pth', ('--overlay', overlay)),
        ('inception_v3_as_is.pth', ()),
    ):
        if not (args.work_dir / name).is_file():
            convert = TOOLS / 'model_converters/convert_checkpoint.py'
            source = weights / 'inception_v3_trunk_mixed6e_fp16.safetensors'
            command = [convert, source, args.work_dir / name, *options]
            subprocess.run(
                [sys.executable, *command, '--source=torchvision'], check=True
            )


def run(args, lock, name, side, system, setting, seed):
    """Train, choose, measure.

    Returns:
        list[dict]: A row for each map.
    """
    folder = args.work_dir / slug(name, side, system, setting, seed)
    as_is = setting in FIRST_LAYER_AS_IS
    trunk = 'inception_v3_as_is.pth' if as_is else 'inception_v3.pth'
    trained = SYSTEMS[system] is not None
    cfg = run_config(
        system if trained else 'SPG-plain',
        DATA_SETS[name],
        args.work_dir / 'parts' / name,
        args.data / name,
        args.work_dir / trunk,
        side,
        seed,
        SETTINGS[setting],
    )
    shared = dict(
        data_set=name,
        side=side,
        system=system,
        setting=setting,
        seed=seed,
        epochs=cfg.train_cfg.max_epochs if trained else 0,
        date=date.today().isoformat(),
        versions=versions(),
    )
    predict = CentredBox()
    if trained:
        try:
            checkpoint = train(cfg, folder, lock)
        except FloatingPointError as error:
            return [shared | dict(source='attention', fate=str(error))]
        predict = Network(cfg, checkpoint)
        shared |= dict(fate=fate(folder), seconds=seconds(folder))
    val = measure(predict, cfg, 'val')
    test = measure(predict, cfg, 'test') if setting == 'base' else {}
    return [
        shared | row_of(source, val[source], test.get(source))
        for source in val
    ]


def slug(*job):
    """A run's name as that of a folder."""
    name = '_'.join(map(str, job))
    return name.replace(',', '').replace(' ', '-').replace('/', '-')


def row_of(source, val, test):
    """The figures of one map, in percent."""
    choice = val.choose()
    row = dict(
        source=source,
        **percents('val_', val.at(choice)),
        threshold=choice[0] / 100,
        v2_thresholds='/'.join(f'{t / 1000:g}' for t in choice[1]),
    )
    if test:
        rows = test.at(choice)
        row |= percents('', rows)
        row |= dict(images=rows.shape[1], hits=pack(rows))
    return row


def percents(prefix, rows):
    """Means of rows of hits ``(5, N)``."""
    figures = dict(
        gt_known=rows[0],
        top1=rows[0] & rows[1],
        cls_top1=rows[1],
        v2=rows[2:],
    )
    return {
        f'{prefix}{k}': f'{100 * v.mean():.2f}' for k, v in figures.items()
    }


def versions():
    found = [f'{name} {version(name)}' for name in PACKAGES]
    for name in ALIASES:
        module = __import__(name)
        found.append(f'{name} {module.__version__}')
    return '; '.join(found)


def main():
    args = parse_args()
    args.work_dir.mkdir(parents=True, exist_ok=True)
    args.work_dir, args.data = args.work_dir.resolve(), args.data.resolve()
    prepare(args)
    begin = time.monotonic()
    for seed in args.seeds:
        for setting in args.settings:
            for name in args.data_sets:
                for system in args.systems:
                    if time.monotonic() - begin > 60 * args.minutes:
                        print('The time is over; call again to go on.')
                        return
                    job = name, args.side, system, setting, seed
                    attempt(args, job)


def attempt(args, job):
    """Do a run that is neither done nor another process's."""
    _, _, system, _, seed = job
    if SYSTEMS[system] is None and seed:  # the same for every seed
        return
    lock = args.work_dir / f'{slug(*job)}.lock'
    with lock.open('w') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        # Looked up under the lock, so that no run is measured twice.
        if tuple(map(str, job)) in map(table.key, table.read(args.out)):
            return
        try:
            rows = run(args, file, *job)
        except RuntimeError as error:
            print(f'{job} failed: {error}', flush=True)
            return
        table.append(args.out, rows)
        for row in rows:
            row = {
                k: v for k, v in row.items() if k not in ('hits', 'versions')
            }
            print(row, flush=True)


if __name__ == '__main__':
    main()
