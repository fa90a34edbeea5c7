"""Train and measure the systems of a study, over seeds.

    python projects/evidence/run.py projects/evidence/studies/small.py \
        --data DIR --work-dir WORK --out rows.csv

README.md beside this file says what DIR and a study hold. Every run trains one
system with one seed by tools/train.py, and appends a row for each of its maps
to the table. Thresholds are chosen on the validation part; the test part is
measured once, and only under the setting ``base``. A second call goes on where
the first ended, and several can share the work.
"""

import argparse
import runpy
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path

from mmengine.utils import import_modules_from_strings
from study.configs import run_config
from study.jobs import work_off
from study.kept import keep
from study.measuring import CentredBox, Network, measure, pack
from study.parts import write_parts
from study.table import runs
from study.training import fate, seconds, swings, train

PACKAGES = ('torch', 'torchvision', 'numpy')
ALIASES = ('mmengine', 'mmcv', 'mmpretrain')


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('study', type=Path, help='a Python file, as studies/small.py')
    add('--data', type=Path, help='folder of the data sets')
    add('--work-dir', required=True, type=Path)
    add('--out', required=True, type=Path, help='the table')
    add('--pretrained', help="weights of the trunk; default: the config's")
    add('--data-sets', nargs='+', help='default: all of the study')
    add('--systems', nargs='+', help='default: all of the study')
    add('--settings', nargs='+', default=['base'])
    add('--seeds', nargs='+', type=int, default=range(5))
    add('--side', type=int, help="of the input; default: the study's")
    add(
        '--keep-resized',
        type=Path,
        help='folder that keeps the resized photographs; a fast disk with '
        '0.2 MB for each',
    )
    add(
        '--minutes',
        type=float,
        default=float('inf'),
        help='begin no run after so many',
    )
    args = parser.parse_args()
    study = runpy.run_path(str(args.study))
    for key in ('data_sets', 'systems', 'settings'):
        names = getattr(args, key) or list(study[key.upper()])
        setattr(args, key, names)
        if unknown := set(names) - set(study[key.upper()]):
            parser.error(
                f'{args.study} has no {unknown.pop()!r} in {key.upper()}; '
                f'it has {", ".join(study[key.upper()])}'
            )
    if any('parts' in study['DATA_SETS'][n] for n in args.data_sets):
        if not args.data:
            parser.error('--data DIR is needed: README.md says what it holds')
        args.data = args.data.resolve()
    args.side = args.side or study.get('SIDE')
    # Two studies may give different runs and parts the same name.
    args.work_dir = args.work_dir.resolve() / args.study.stem
    return args, study


def data_of(args, name, data_set):
    """Roots of the images and of the lists, which are written once."""
    if 'parts' not in data_set:
        return None
    metadata = args.work_dir / 'parts' / name
    if not metadata.is_dir():
        write_parts(args.data / name, metadata, **data_set['parts'])
    return args.data / name, metadata


def config_of(study, job, data=None, pretrained=None):
    """The config of a run: that of the system, and all changes."""
    data_set = study['DATA_SETS'][job['data_set']]
    # A centred box is measured on the data of any system.
    systems = study['SYSTEMS']
    system = systems[job['system']] or next(filter(None, systems.values()))
    changes = {key: v for key, v in system.items() if key != 'config'}
    return run_config(
        system['config'].format(data_set.get('config', '')),
        (
            study['SHARED'],
            data_set['changes'],
            changes,
            study['SETTINGS'][job['setting']],
        ),
        job['side'],
        job['seed'],
        pretrained,
        data,
    )


def run(args, study, job, folder, lock):
    """Train, choose, measure.

    Returns:
        list[dict]: A row for each map.
    """
    data_set = study['DATA_SETS'][job['data_set']]
    trained = study['SYSTEMS'][job['system']] is not None
    data = data_of(args, job['data_set'], data_set)
    cfg = config_of(study, job, data, args.pretrained)
    if args.keep_resized:
        keep(cfg, args.keep_resized)
    # What is measured here may name what only the training would import.
    import_modules_from_strings(**cfg.get('custom_imports', dict(imports=[])))
    shared = dict(
        job,
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
        shared |= dict(
            fate=fate(folder), seconds=seconds(folder), swings=swings(folder)
        )
    val = measure(predict, cfg, 'val')
    test = measure(predict, cfg, 'test') if job['setting'] == 'base' else {}
    return [
        shared | row_of(source, val[source], test.get(source))
        for source in val
    ]


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
    args, study = parse_args()
    jobs = (
        dict(
            data_set=name,
            side=args.side or '',
            system=system,
            setting=setting,
            seed=seed,
        )
        for seed in args.seeds
        for setting in args.settings
        for name in args.data_sets
        for system in args.systems
        # What is not trained is the same for every seed.
        if not seed or study['SYSTEMS'][system]
    )
    work_off(
        jobs,
        partial(run, args, study),
        runs(args.out),
        args.work_dir,
        args.minutes,
    )


if __name__ == '__main__':
    main()
