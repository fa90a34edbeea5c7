"""Train one system once, by tools/train.py."""

import json
import os
import subprocess
import sys

from .configs import ROOT


def train(cfg, folder, lock):
    """Train, or go on; skip what is done.

    Args:
        cfg (Config): What `run_config` gives.
        folder (Path): Work folder of the run.
        lock (file): Locked by this process; the training holds the lock
            too, so that it counts should it outlive this process.

    Returns:
        Path: The last checkpoint.

    Raises:
        FloatingPointError: The loss was not finite.
        RuntimeError: The training failed otherwise; the message ends with
            its log.
    """
    folder.mkdir(parents=True, exist_ok=True)
    last = folder / f'epoch_{cfg.train_cfg.max_epochs}.pth'
    if last.is_file():
        return last
    cfg.dump(folder / 'run.py')
    paths = ROOT / 'projects/evidence', os.environ.get('PYTHONPATH')
    with (folder / 'output.txt').open('w') as log:
        code = subprocess.call(
            [
                sys.executable,
                str(ROOT / 'tools/train.py'),
                str(folder / 'run.py'),
                *('--work-dir', str(folder), '--resume'),
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[lock.fileno()],
            env=dict(OMP_NUM_THREADS='1')
            | os.environ
            # A config may name what this folder registers.
            | dict(PYTHONPATH=os.pathsep.join(map(str, filter(None, paths)))),
        )
    if code:
        tail = (folder / 'output.txt').read_text()[-2000:]
        if 'FloatingPointError' in tail or 'cannot recover' in tail:
            raise FloatingPointError('loss not finite')
        raise RuntimeError(f'{folder}: train.py ended with {code}\n{tail}')
    return last


def logged(folder):
    """What the training logged.

    Returns:
        list[dict]: A dict for every logged step, in order.
    """
    rows = {}
    for path in sorted(folder.glob('*/vis_data/scalars.json')):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            if 'loss' in row:
                rows[row['step']] = row  # a resumed run repeats some
    return [rows[step] for step in sorted(rows)]


def seconds(folder):
    """How long the steps took, resumed or not."""
    last, total = 0, 0
    for row in logged(folder):
        total += (row['step'] - last) * row['time']
        last = row['step']
    return round(total)


def swings(folder):
    """How often a mask was all of one kind, after the first fifth.

    Returns:
        str: Percent of the logged steps at which a mask was over 95 %
        foreground or background; '' for a network without masks.
    """
    rows = logged(folder)
    keys = [k for k in rows[-1] if k.endswith(('_fg', '_bg'))] if rows else ()
    late = rows[len(rows) // 5 :]
    found = [any(row[key] > 0.95 for key in keys) for row in late]
    return f'{100 * sum(found) / len(found):.1f}' if keys else ''


def fate(folder):
    """What became of the side branches, by name.

    Returns:
        str: '' if all is well; the masks that are over 95 % foreground or
        background in the mean of the last five logged steps.
    """
    rows = logged(folder)
    found = []
    for key in rows[-1] if rows else ():
        if key.startswith('mask_') and key.endswith(('_fg', '_bg')):
            mean = sum(row[key] for row in rows[-5:]) / len(rows[-5:])
            if mean > 0.95:
                kind = 'foreground' if key.endswith('fg') else 'background'
                found.append(f'{key[5:-3]} {kind}')
    return '; '.join(found)
