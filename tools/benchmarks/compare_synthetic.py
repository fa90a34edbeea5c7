"""SPG against SPG-plain on the embedded data set, over seeds.

    python tools/benchmarks/compare_synthetic.py --out docs/synthetic.csv

Each run trains a config by tools/train.py; the threshold is the best for
GT-known on the val split, and the test split (1,000 images, drawn from the
same seed, none of them used before) is evaluated once with it. A row a run
is appended to the table; rows that are there are not run again.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ('spg-plain_tiny_synthetic', 'spg_tiny_synthetic')
FIGURES = ('gt_known_acc', 'top1_acc', 'cls_top1_acc', 'oracle_gt_known_acc')
TEST = (
    'test_dataloader.dataset.split=test',
    'test_dataloader.dataset.num_images=1000',
)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--out', type=Path, required=True, help='the table')
    parser.add_argument('--seeds', type=int, default=5)
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], help='for both configs'
    )
    return parser.parse_args()


def call(tool, *args):
    subprocess.run(
        [sys.executable, str(ROOT / 'tools' / f'{tool}.py'), *map(str, args)],
        check=True,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def last_validation(work_dir):
    """The metrics of the last validation of a training."""
    lines = [
        json.loads(line)
        for path in sorted(work_dir.glob('*/vis_data/scalars.json'))
        for line in path.read_text().splitlines()
    ]
    return [line for line in lines if 'loc/threshold' in line][-1]


def run(name, seed, options):
    config = f'configs/{name}.py'
    with tempfile.TemporaryDirectory() as folder:
        options = [
            *options,
            f'randomness.seed={seed}',
            'default_hooks.visualization.enable=False',
        ]
        call('train', config, '--work-dir', folder, '--cfg-options', *options)
        chosen = last_validation(Path(folder))['loc/threshold']
        checkpoint = (Path(folder) / 'last_checkpoint').read_text().strip()
        out = Path(folder) / 'metrics.json'
        call(
            'test',
            config,
            checkpoint,
            '--work-dir',
            folder,
            '--out',
            out,
            '--out-item',
            'metrics',
            '--cfg-options',
            *options,
            *TEST,
            f'test_evaluator.threshold={chosen}',
        )
        metrics = json.loads(out.read_text())
    row = dict(config=name, seed=seed, threshold=chosen)
    return row | {key: metrics[f'loc/{key}'] for key in FIGURES}


def summary(rows):
    """Mean and 95 % interval (Student's t) of each figure, as Markdown."""
    import numpy as np
    from scipy import stats

    def interval(values):
        half = stats.sem(values) * stats.t.ppf(0.975, len(values) - 1)
        return f'{np.mean(values):.1f} ± {half:.1f}'

    columns = {
        name: {
            key: np.array(
                [
                    float(row[key])
                    for row in sorted(rows, key=lambda row: int(row['seed']))
                    if row['config'] == name
                ]
            )
            for key in FIGURES
        }
        for name in CONFIGS
    }
    plain, spg = CONFIGS
    lines = [
        '| figure | SPG-plain | SPG | SPG - SPG-plain |',
        '|---|---|---|---|',
    ]
    for key in FIGURES:
        a, b = columns[plain][key], columns[spg][key]
        lines.append(
            f'| {key} | {interval(a)} | {interval(b)} | {interval(b - a)} |'
        )
    return '\n'.join(lines)


def main():
    args = parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    rows = []
    if args.out.is_file():
        with args.out.open(newline='') as file:
            rows = list(csv.DictReader(file))
    done = {(row['config'], int(row['seed'])) for row in rows}
    for seed in range(args.seeds):
        for name in CONFIGS:
            if (name, seed) in done:
                continue
            rows.append(run(name, seed, args.cfg_options))
            with args.out.open('a', newline='') as file:
                writer = csv.DictWriter(file, list(rows[-1]))
                if file.tell() == 0:
                    writer.writeheader()
                writer.writerow(rows[-1])
            print(rows[-1], flush=True)
    print(summary(rows))


if __name__ == '__main__':
    main()
