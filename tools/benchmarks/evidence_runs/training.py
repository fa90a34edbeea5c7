"""Train one system once, by tools/train.py."""

import json
import os
import subprocess
import sys
from pathlib import Path

from mmspg.utils.cfg import load_config, set_input_size, set_pretrained

from .systems import SCHEDULE, SHARED, config_of

TOOLS = Path(__file__).resolve().parents[2]


def run_config(system, data_set, metadata, images, trunk, side, seed, changes):
    """The system's config with the data, the size and the settings.

    Args:
        system (str): Of `SYSTEMS`.
        data_set (DataSet): What it is trained on.
        metadata (Path): Root of the parts.
        images (Path): Root of the images.
        trunk (Path): Weights of Inception-v3.
        side (int): Of the input in pixels.
        seed (int): Of the run.
        changes (dict): A setting of `SETTINGS`.

    Returns:
        Config: For tools/train.py, and for the test.
    """
    cfg = load_config(str(config_of(system, data_set)))
    set_pretrained(cfg, str(trunk))
    set_input_size(cfg, side)
    for part, loader in (('fit', 'train'), ('val', 'val'), ('test', 'test')):
        dataset = cfg[f'{loader}_dataloader'].dataset
        dataset = dict(
            type='mmspg.WSOLMetadata',
            data_root=str(images),
            metadata_root=str(metadata),
            split=part,
            test_mode=part != 'fit',
            pipeline=dataset.pipeline,
        )
        cfg[f'{loader}_dataloader'].dataset = dataset
    for transform in cfg.train_dataloader.dataset.pipeline:
        if transform['type'] == 'mmspg.HideAndSeek':  # 32 pixels at 224
            transform['sizes'] = round(transform['sizes'] * side / 224)
    names = (metadata / 'class_names.txt').read_text().splitlines()
    schedule = load_config(str(SCHEDULE))
    cfg.optim_wrapper = schedule.optim_wrapper
    cfg.param_scheduler = schedule.param_scheduler
    cfg.merge_from_dict(
        {
            'model.head.num_classes': len(names),
            'train_cfg.max_epochs': data_set.epochs,
            'param_scheduler.T_max': data_set.epochs,
            'randomness.seed': seed,
        }
    )
    for options in (SHARED, data_set.changes, changes):
        if 'neck' not in cfg.model:  # ACoL has no dropout to change
            options = {
                key: value
                for key, value in options.items()
                if not key.startswith('model.neck.')
            }
        cfg.merge_from_dict(options)
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    return cfg


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
    with (folder / 'output.txt').open('w') as log:
        code = subprocess.call(
            [
                sys.executable,
                str(TOOLS / 'train.py'),
                str(folder / 'run.py'),
                *('--work-dir', str(folder), '--resume'),
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[lock.fileno()],
            env=dict(os.environ, OMP_NUM_THREADS='1'),
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
