"""SPG against SPG-plain on the embedded data set, over seeds.

    python tools/benchmarks/compare_synthetic.py --out docs/synthetic.csv

Each seed trains both configs by tools/train.py. SPG is read four times: by
its attention map, as in the paper, and by the maps of B1, of C (the authors'
demo) and by the mean of B1 and B2. Each threshold is the best for GT-known on
the val split; the test split (1,000 images, drawn by the same rules, used for
nothing else) is evaluated once with it. A row an evaluation is appended to
the table; what is there is not run again.
"""

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SYSTEMS = {
    'SPG-plain': ('spg-plain_tiny_synthetic', None),
    'SPG': ('spg_tiny_synthetic', 'attention'),
    'SPG, map of B1': ('spg_tiny_synthetic', 'b1'),
    'SPG, map of C': ('spg_tiny_synthetic', 'c'),
    'SPG, mean of B1 and B2': ('spg_tiny_synthetic', 'fuse'),
}
FIGURES = ('gt_known_acc', 'top1_acc', 'cls_top1_acc')
TEST = (
    'test_dataloader.dataset.split=test',
    'test_dataloader.dataset.num_images=1000',
)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--out', type=Path, required=True, help='the table')
    parser.add_argument('--seeds', type=int, default=5)
    parser.add_argument(
        '--work-dir',
        type=Path,
        default=ROOT / 'work_dirs' / 'compare_synthetic',
    )
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], help='for both configs'
    )
    return parser.parse_args()


def call(tool, *args):
    """Run one of the tools; show its output only if it fails."""
    done = subprocess.run(
        [sys.executable, str(ROOT / 'tools' / f'{tool}.py'), *map(str, args)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f'{tool}.py {args} failed:\n{done.stderr[-4000:]}')


def evaluate(config, checkpoint, folder, options):
    """The figures of tools/test.py."""
    out = folder / 'metrics.json'
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
    )
    return json.loads(out.read_text())


def run(system, seed, work_dir, options):
    """Train, unless another system already did; choose; test."""
    name, source = SYSTEMS[system]
    config, folder = f'configs/{name}.py', work_dir / f'{name}_{seed}'
    options = [*options, 'default_hooks.visualization.enable=False']
    last = folder / 'last_checkpoint'
    if not last.is_file():
        call(
            'train',
            config,
            '--work-dir',
            folder,
            '--cfg-options',
            *options,
            f'randomness.seed={seed}',
            'train_cfg.val_interval=1000',
        )
    checkpoint = last.read_text().strip()
    if source:
        options.append(f'model.head.score_map_source={source}')
    chosen = evaluate(
        config,
        checkpoint,
        folder,
        [*options, 'test_evaluator.threshold=oracle'],
    )['loc/threshold']
    metrics = evaluate(
        config,
        checkpoint,
        folder,
        [*options, *TEST, f'test_evaluator.threshold={chosen}'],
    )
    row = dict(system=system, seed=seed, threshold=chosen)
    return row | {key: metrics[f'loc/{key}'] for key in FIGURES}


def summary(rows):
    """Mean and 95 % interval (Student's t) of each figure, as Markdown."""
    import numpy as np
    from scipy import stats

    def interval(values):
        half = stats.sem(values) * stats.t.ppf(0.975, len(values) - 1)
        return f'{np.mean(values):.1f} ± {half:.1f}'

    def column(system, key):
        return np.array(
            [
                float(row[key])
                for row in sorted(rows, key=lambda row: int(row['seed']))
                if row['system'] == system
            ]
        )

    lines = [
        f'| system | {" | ".join(FIGURES)} | GT-known against SPG-plain |',
        '|' + '---|' * (len(FIGURES) + 2),
    ]
    plain = column('SPG-plain', 'gt_known_acc')
    for system in SYSTEMS:
        cells = [interval(column(system, key)) for key in FIGURES]
        gain = column(system, 'gt_known_acc') - plain
        cells.append('' if system == 'SPG-plain' else interval(gain))
        lines.append(f'| {system} | {" | ".join(cells)} |')
    return '\n'.join(lines)


def main():
    args = parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    rows = []
    if args.out.is_file():
        with args.out.open(newline='') as file:
            rows = list(csv.DictReader(file))
    done = {(row['system'], int(row['seed'])) for row in rows}
    for seed in range(args.seeds):
        for system in SYSTEMS:
            if (system, seed) in done:
                continue
            rows.append(run(system, seed, args.work_dir, args.cfg_options))
            with args.out.open('a', newline='') as file:
                writer = csv.DictWriter(file, list(rows[-1]))
                if file.tell() == 0:
                    writer.writeheader()
                writer.writerow(rows[-1])
            print(rows[-1], flush=True)
    print(summary(rows))


if __name__ == '__main__':
    main()
