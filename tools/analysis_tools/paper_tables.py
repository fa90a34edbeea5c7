r"""Print the paper's tables, published and measured errors side by side.

    python tools/analysis_tools/paper_tables.py work_dirs
    python tools/analysis_tools/paper_tables.py work_dirs \
        spg_inceptionv3_imagenet=/elsewhere/run7 --csv tables.csv

A row is filled by the test of the config that it names: a folder of that
name in one of the folders given, or NAME=FOLDER. What tools/test.py wrote
last there counts; without a test, the last validation does, and is marked.
Errors in percent.
"""

import csv
import json
from pathlib import Path
from typing import NamedTuple

from mmspg.utils import command_line as cli

# Column -> figure of LocalizationMetric.
KEYS = {
    'top-1': 'loc/top1_err',
    'class top-1': 'loc/cls_top1_err',
    'top-5': 'loc/top5_err',
    'class top-5': 'loc/cls_top5_err',
    'top-5*': 'loc/top5_star_err',
    'GT-known': 'loc/gt_known_err',
}


class Row(NamedTuple):
    """A row; `published` has an error or None for each column."""

    method: str
    run: str
    published: list


class Table(NamedTuple):
    """A table of the paper."""

    name: str
    title: str
    columns: list
    rows: list


TITLES = {
    '1': 'Localization error on the ILSVRC validation set',
    '2': 'Localization error on the CUB-200-2011 test set',
    '3': 'Localization and classification error on the ILSVRC validation '
    'set, classes from elsewhere',
    '4': 'Localization error on the ILSVRC validation set, class known',
    'ablations': 'Section 4.3, on the ILSVRC validation set, class known',
}


def read_tables():
    """Read the published errors; a table has the columns it has errors in."""
    path = Path(__file__).with_suffix('.csv')
    with open(path, encoding='utf-8', newline='') as file:
        lines = list(csv.DictReader(file))
    tables = []
    for name, title in TITLES.items():
        own = [line for line in lines if line['table'] == name]
        columns = [key for key in KEYS if any(line[key] for line in own)]
        rows = [
            Row(
                line['method'],
                line['config'],
                [float(line[key]) if line[key] else None for key in columns],
            )
            for line in own
        ]
        tables.append(Table(name, title, columns, rows))
    return tables


TABLES = read_tables()


class Measured(NamedTuple):
    """What a run measured, in a test or else in its last validation."""

    figures: dict
    test: bool


def parse_args():
    parser = cli.tool_parser(__doc__)
    parser.add_argument(
        'folders',
        nargs='*',
        metavar='FOLDER|NAME=FOLDER',
        help='folders of work folders, or the work folder of one config',
    )
    parser.add_argument(
        '--csv', metavar='FILE', help='write the rows into this file, too'
    )
    return cli.read_arguments(parser)


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
    """Read what was measured last in a work folder, or None."""
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
        (published, figures.get(KEYS[column]))
        for column, published in zip(columns, row.published, strict=True)
    ]


def markdown(table, found):
    """Lay a table out in Markdown; `found` is by the config's name."""
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
    """One row for each figure, for a spreadsheet."""
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
    with cli.errors_in_one_line(args):
        runs = find_runs(args.folders)
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
