"""The tables of a study, from the CSV file of its runs.

    python projects/evidence/report.py projects/evidence/evidence.csv

Prints Markdown: the systems on the test part, against SPG-plain, with
bootstrap intervals over images and seeds; the settings on the validation
part, where they were compared; with ``--run FOLDER``, the folder of a run in
the work folder of the study, its losses and mask shares over time, which
``--curves FILE`` draws.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
from study.measuring import unpack
from study.statistics import difference, half_width
from study.table import runs as table_of
from study.training import logged

FIGURES = ('gt_known', 'top1', 'v2', 'cls_top1')
LOSSES = ('loss_cls', 'loss_b2', 'loss_b1', 'loss_c')
MASKS = ('a', 'b2', 'fuse')


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('table', type=Path)
    parser.add_argument(
        '--against',
        nargs=2,
        default=('SPG-plain', 'attention'),
        metavar=('SYSTEM', 'MAP'),
        help='what the gains are over (SPG-plain attention)',
    )
    parser.add_argument(
        '--run',
        type=Path,
        nargs='+',
        default=[],
        help='folders of runs of SPG',
    )
    parser.add_argument('--curves', type=Path, help='picture of those runs')
    return parser.parse_args()


def grouped(rows, *columns):
    """Rows by the values of some columns, in the order of the table."""
    groups = defaultdict(list)
    for row in rows:
        groups[tuple(row[column] for column in columns)].append(row)
    return groups


def spread(rows, key):
    """Mean and standard deviation over the seeds that came to an end."""
    values = np.array([float(row[key]) for row in rows if row[key]])
    if not len(values):
        return ''
    deviation = f' ± {values.std(ddof=1):.1f}' if len(values) > 1 else ''
    return f'{values.mean():.1f}{deviation}'


def hits_of(rows):
    """Hits of GT-known, and of V2 as its mean: ``(S, N)`` each."""
    bits = np.stack([unpack(row['hits'], int(row['images'])) for row in rows])
    return bits[:, 0], bits[:, 2:].mean(axis=1)


def against(rows, base):
    """GT-known and V2 less the baseline's, with their intervals.

    The last is how wide GT-known's would be with any number of seeds.
    """
    pairs = list(zip(hits_of(rows), hits_of(base), strict=True))
    return [
        *(
            '{:+.1f} ({:+.1f} to {:+.1f})'.format(*difference(*pair))
            for pair in pairs
        ),
        f'± {half_width(*pairs[0]):.1f}',
    ]


def lines_of(header, rows):
    """A Markdown table."""
    yield '| ' + ' | '.join(header) + ' |'
    yield '|' + '---|' * len(header)
    for row in rows:
        yield '| ' + ' | '.join(row) + ' |'


def name(system, source):
    """A row's name; the attention map goes without saying."""
    return system if source == 'attention' else f'{system}, map {source}'


def systems(rows, baseline):
    """The systems on the test part of one data set."""
    groups = grouped(rows, 'system', 'source')
    base = groups.get(baseline)
    for key, group in groups.items():
        gains = ['', '', '']
        if base and key != baseline:
            gains = against(group, base)
        yield [
            name(*key),
            str(len(group)),
            *(spread(group, figure) for figure in FIGURES),
            *gains,
        ]


def settings(rows):
    """The settings on the validation part of one data set."""
    for (setting,), own in grouped(rows, 'setting').items():
        for key, group in grouped(own, 'system', 'source').items():
            yield [
                setting,
                name(*key),
                str(len(group)),
                *(
                    spread(group, f'val_{figure}')
                    for figure in ('gt_known', 'v2', 'cls_top1')
                ),
                fates(group),
            ]


def fates(rows):
    """What became of the masks, and at how many steps one was of one kind."""
    words = sorted({r['fate'] for r in rows if r['fate']})
    swings = [r['swings'] for r in rows if float(r.get('swings') or 0)]
    if swings:
        words.append(f'of one kind at {", ".join(swings)} % of the steps')
    return ', '.join(words)


def over_time(rows):
    """Losses and shares of the masks, at some forty of the logged steps."""
    for row in rows[:: max(1, len(rows) // 40)]:
        yield [
            str(row['step']),
            *(f'{row[loss]:.2f}' if loss in row else '' for loss in LOSSES),
            *(
                f'{row[f"mask_{mask}_fg"]:.2f} / {row[f"mask_{mask}_bg"]:.2f}'
                if f'mask_{mask}_fg' in row
                else ''
                for mask in MASKS
            ),
        ]


def main():
    args = parse_args()
    table, baseline = table_of(args.table), tuple(args.against)
    rows = table.read()
    for (data_set, side), own in grouped(rows, 'data_set', 'side').items():
        title = f'{data_set}, {side} pixels' if side else data_set
        tested = [row for row in own if row['hits']]
        print(f'\n### {title}, test part\n')
        header = ['system', 'seeds', 'GT-known', 'Top-1', 'MaxBoxAccV2']
        header += ['class Top-1', 'GT-known gained', 'MaxBoxAccV2 gained']
        header += ['GT-known, any number of seeds']
        print(*lines_of(header, systems(tested, baseline)), sep='\n')
        for row in own:
            if not row['val_gt_known']:
                print(
                    '\nNot in the means, as it was lost:', *table.key_of(row)
                )
        print(f'\n### {title}, validation part\n')
        header = ['setting', 'system', 'runs', 'GT-known', 'MaxBoxAccV2']
        header += ['class Top-1', 'fate of the masks']
        print(*lines_of(header, settings(own)), sep='\n')
    print('\nSettings tried:', len({row['setting'] for row in rows}))
    took = {table.key_of(row): float(row['seconds'] or 0) for row in rows}
    trainings = sum(seconds > 0 for seconds in took.values())
    hours = sum(took.values()) / 3600
    print(f'\n{trainings} trainings took {hours:.1f} hours of one core.')
    runs = {folder.name: logged(folder) for folder in args.run}
    for title, steps in runs.items():
        header = ['step', *LOSSES, *(f'{m}, fg / bg' for m in MASKS)]
        print(f'\n### {title}\n')
        print(*lines_of(header, over_time(steps)), sep='\n')
    if args.curves:
        from study.curves import draw

        draw(runs, LOSSES, MASKS, args.curves)


if __name__ == '__main__':
    main()
