"""Print the paper's tables, published and measured errors side by side.

    python tools/analysis_tools/paper_tables.py work_dirs
    python tools/analysis_tools/paper_tables.py work_dirs \
        spg_inceptionv3_imagenet=/elsewhere/run7 --csv tables.csv

A row is filled by the test of the config that it names: a folder of that
name in one of the folders given, or NAME=FOLDER. What tools/test.py wrote
last there counts; without a test, the last validation does, and is marked.
Errors in percent.
"""

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import NamedTuple

# Column -> key of LocalizationMetric, which has the prefix `loc/`.
TOP1, TOP5, STAR = 'top-1', 'top-5', 'top-5*'
KNOWN, CLS1, CLS5 = 'GT-known', 'class top-1', 'class top-5'
KEYS = {
    TOP1: 'top1_err',
    TOP5: 'top5_err',
    STAR: 'top5_star_err',
    KNOWN: 'gt_known_err',
    CLS1: 'cls_top1_err',
    CLS5: 'cls_top5_err',
}


class Row(NamedTuple):
    """A row: the paper's name, the config's, and the published errors.

    None is a figure that the paper does not give.
    """

    method: str
    run: str
    published: tuple


class Table(NamedTuple):
    """A table of the paper."""

    name: str
    title: str
    columns: tuple
    rows: tuple


SPG = 'spg_inceptionv3_imagenet'
TABLES = (
    Table(
        '1',
        'Localization error on the ILSVRC validation set',
        (TOP1, TOP5, STAR),
        (
            Row(
                'Backprop on VGGnet',
                'backprop_vgg16_imagenet',
                (61.12, 51.46, None),
            ),
            Row(
                'Backprop on GoogLeNet',
                'backprop_googlenet_imagenet',
                (61.31, 50.55, None),
            ),
            Row('AlexNet-GAP', 'cam_alexnet_imagenet', (67.19, 52.16, None)),
            Row('VGGnet-GAP', 'cam_vgg16_imagenet', (57.20, 45.14, None)),
            Row(
                'GoogLeNet-GAP', 'cam_googlenet_imagenet', (56.40, 43.00, None)
            ),
            Row(
                'GoogLeNet-HaS-32',
                'has_googlenet_imagenet',
                (54.53, None, None),
            ),
            Row('VGGnet-ACoL', 'acol_vgg16_imagenet', (54.17, 40.57, None)),
            Row(
                'GoogLeNet-ACoL',
                'acol_googlenet_imagenet',
                (53.28, 42.58, None),
            ),
            Row(
                'SPG-plain',
                'spg-plain_inceptionv3_imagenet',
                (53.71, 41.81, None),
            ),
            Row('SPG', SPG, (51.40, 40.00, 35.05)),
        ),
    ),
    Table(
        '2',
        'Localization error on the CUB-200-2011 test set',
        (TOP1, TOP5, STAR),
        (
            Row('GoogLeNet-GAP', 'cam_googlenet_cub', (59.00, None, None)),
            Row('ACoL', 'acol_vgg16_cub', (54.08, 43.49, None)),
            Row(
                'SPG-plain', 'spg-plain_inceptionv3_cub', (56.33, 46.47, None)
            ),
            Row('SPG', 'spg_inceptionv3_cub', (53.36, 42.28, 40.62)),
        ),
    ),
    Table(
        '3',
        'Localization and classification error on the ILSVRC validation set, '
        'classes from elsewhere',
        (TOP1, CLS1, TOP5, CLS5, STAR),
        tuple(
            Row(
                f'GoogLeNet-SPG-{name}',
                f'spg_inceptionv3_{run}_imagenet',
                published,
            )
            for name, run, published in (
                ('ResNet-50', 'resnet50', (48.79, 26.22, 38.93, 8.47, None)),
                ('ResNet-101', 'resnet101', (48.15, 24.90, 38.55, 7.80, None)),
                ('ResNet-152', 'resnet152', (47.92, 24.39, 38.53, 7.59, None)),
                ('DPN-92', 'dpn92', (45.06, 17.70, 37.32, 3.83, None)),
                ('DPN-98', 'dpn98', (44.92, 17.42, 37.34, 3.67, None)),
                ('DPN-131', 'dpn131', (44.81, 17.08, 37.24, 3.42, None)),
                (
                    'DPN-ensemble',
                    'dpn-ensemble',
                    (43.83, 15.47, 36.78, 2.70, 29.36),
                ),
            )
        ),
    ),
    Table(
        '4',
        'Localization error on the ILSVRC validation set, class known',
        (KNOWN,),
        (
            Row('AlexNet-GAP', 'cam_alexnet_imagenet', (45.01,)),
            Row('AlexNet-HaS', 'has_alexnet_imagenet', (41.26,)),
            Row(
                'AlexNet-GAP-ensemble',
                'cam_alexnet_ensemble_imagenet',
                (42.98,),
            ),
            Row(
                'AlexNet-HaS-ensemble',
                'has_alexnet_ensemble_imagenet',
                (39.67,),
            ),
            Row('GoogLeNet-GAP', 'cam_googlenet_imagenet', (41.34,)),
            Row('GoogLeNet-HaS', 'has_googlenet_imagenet', (39.43,)),
            Row('Deconv', 'deconv_googlenet_imagenet', (41.60,)),
            Row('Feedback', 'feedback_googlenet_imagenet', (38.80,)),
            Row('MWP', 'mwp_googlenet_imagenet', (38.70,)),
            Row('ACoL', 'acol_googlenet_imagenet', (37.04,)),
            Row('SPG-plain', 'spg-plain_inceptionv3_imagenet', (37.32,)),
            Row('SPG', SPG, (35.31,)),
        ),
    ),
    Table(
        'ablations',
        'Section 4.3, on the ILSVRC validation set, class known',
        (KNOWN,),
        (
            Row('SPG', SPG, (35.31,)),
            Row('without the cascade', f'{SPG}_no-cascade', (35.58,)),
            Row('B1 and B2 not shared', f'{SPG}_unshared', (36.31,)),
            Row('without C', f'{SPG}_no-spg-c', (36.06,)),
        ),
    ),
)


class Measured(NamedTuple):
    """What a run measured; ``test`` or, if it was never tested, not."""

    figures: dict
    test: bool


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        'folders',
        nargs='*',
        metavar='FOLDER|NAME=FOLDER',
        help='folders of work folders, or the work folder of one config',
    )
    parser.add_argument(
        '--csv', metavar='FILE', help='write the rows into this file, too'
    )
    return parser.parse_args()


def names():
    """Names of all rows' configs, in order."""
    return list(dict.fromkeys(r.run for t in TABLES for r in t.rows))


def find_runs(folders):
    """Work folder of each config.

    Args:
        folders (list[str]): As on the command line.

    Returns:
        dict[str, Path]: By the config's name.

    Raises:
        ValueError: No such folder, or a name that no row has.
    """
    runs = {}
    for text in folders:
        name, equals, path = text.partition('=')
        folder = Path(path if equals else text)
        if not folder.is_dir():
            raise ValueError(f"there is no folder '{folder}'.")
        if equals and name not in names():
            raise ValueError(
                f"no row is of a config '{name}'; there are "
                f'{", ".join(names())}.'
            )
        if equals:
            runs[name] = folder
            continue
        for run in names():
            if (folder / run).is_dir():
                runs[run] = folder / run
    return runs


def read_run(folder):
    """What was measured last in a work folder.

    Args:
        folder (Path): With a folder of each run by its time.

    Returns:
        Measured | None: None if nothing was.
    """
    for path in sorted(folder.glob('*/*.json'), reverse=True):
        if path.stem == path.parent.name:  # a test's, by its time
            figures = json.loads(path.read_text())
            if 'loc/gt_known_err' in figures:
                return Measured(figures, True)
    for path in sorted(folder.glob('*/vis_data/scalars.json'), reverse=True):
        for line in reversed(path.read_text().splitlines()):
            figures = json.loads(line)
            if 'loc/gt_known_err' in figures:
                return Measured(figures, False)
    return None


def cells(row, columns, measured):
    """Published and measured error of each column, or None."""
    figures = measured.figures if measured else {}
    return [
        (published, figures.get(f'loc/{KEYS[column]}'))
        for column, published in zip(columns, row.published, strict=True)
    ]


def markdown(table, found):
    """A table as text.

    Args:
        table (Table): Of the paper.
        found (dict[str, Measured]): By the config's name.

    Returns:
        str: Markdown.
    """
    head = [f'{c}, {w}' for c in table.columns for w in ('paper', 'measured')]
    lines = [
        f'**{_title(table)}**',
        '',
        '| ' + ' | '.join(['method', 'config', *head]) + ' |',
        '| --- ' * (2 + len(head)) + '|',
    ]
    for row in table.rows:
        measured = found.get(row.run)
        texts = []
        for published, error in cells(row, table.columns, measured):
            texts.append('' if published is None else f'{published:.2f}')
            texts.append('' if error is None else f'{error:.2f}')
        if measured is None:
            texts[1::2] = ['not run' if t else '' for t in texts[::2]]
        elif not measured.test:
            texts = [
                t + '†' * (i % 2 and t != '') for i, t in enumerate(texts)
            ]
        line = [row.method, f'`{row.run}`', *texts]
        lines.append('| ' + ' | '.join(line) + ' |')
    return '\n'.join(lines)


def _title(table):
    name = f'Table {table.name}' if table.name.isdigit() else 'Ablations'
    return f'{name}. {table.title}'


def csv_rows(tables, found):
    """One row a figure, for a spreadsheet.

    Returns:
        list[dict]: Of ``table``, ``method``, ``config``, ``error``,
        ``published``, ``measured`` and ``status``.
    """
    rows = []
    for table in tables:
        for row in table.rows:
            measured = found.get(row.run)
            status = 'not run'
            if measured is not None:
                status = 'test' if measured.test else 'validation'
            for column, (published, error) in zip(
                table.columns,
                cells(row, table.columns, measured),
                strict=True,
            ):
                if published is None and error is None:
                    continue
                rows.append(
                    dict(
                        table=table.name,
                        method=row.method,
                        config=row.run,
                        error=column,
                        published=published,
                        measured=error,
                        status=status,
                    )
                )
    return rows


def main():
    args = parse_args()
    try:
        runs = find_runs(args.folders)
    except ValueError as error:
        sys.exit(f'paper_tables.py: {error}')
    found = {name: read_run(folder) for name, folder in runs.items()}
    print('\n\n'.join(markdown(table, found) for table in TABLES))
    done = [name for name in names() if found.get(name)]
    print(f'\n{len(done)} of {len(names())} configs have been run.')
    if any(m and not m.test for m in found.values()):
        print('† The last validation during training; there is no test.')
    if args.csv:
        rows = csv_rows(TABLES, found)
        with open(args.csv, 'w', newline='', encoding='utf-8') as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


if __name__ == '__main__':
    main()
