"""Kill trainings at random moments, resume them, and compare every bit.

python tests/fuzz/kills.py --kills 10 --out kills.json

For each kind of training it trains once without a stop. Then, as often as
asked for, it trains again, sends the signal at a random moment, goes on with
``--resume`` until the end, and compares weights, averages, optimizer and best
checkpoint bit for bit. It prints what it has counted and ends with 1 where
something differed.
"""

import argparse
import json
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [
    str(TESTS / name) for name in ('', 'test_reliability', 'test_distributed')
] + [str(TESTS.parent)]

import mmpretrain.models  # noqa: E402, F401
import torch  # noqa: E402
from kinds import KINDS, best_of, run, same  # noqa: E402
from test_killed_training import STEPS, count_down  # noqa: E402

import mmspg.datasets.registered  # noqa: E402
import mmspg.engine  # noqa: E402
import mmspg.evaluation.metrics  # noqa: E402
import mmspg.models  # noqa: E402
import mmspg.visualization  # noqa: E402, F401

MID_CHECKPOINT = 'mid-checkpoint'


def unbroken(kind, folder):
    """Train without a stop; gives the seconds that it took."""
    began = time.monotonic()
    outcomes, _ = run(kind, folder)
    if any(outcome.code for outcome in outcomes):
        sys.exit(f'the training itself fails: {outcomes[0].output[-3000:]}')
    return time.monotonic() - began


def attempt(name, kind, straight, seconds, folder, dice):
    """Kill one training and resume it; what differs, None: nothing.

    Gives None in place of a text, too, where the training was quicker than
    the kill, as a second value.
    """
    work_dir = folder / 'run'
    if name == MID_CHECKPOINT:
        step = dice.randrange(3 * len(STEPS))
        outcomes, _ = run(kind, work_dir, prepare=lambda: count_down(step))
        sent = outcomes[0].code < 0
    else:
        outcomes, sent = run(
            kind,
            work_dir,
            after=dice.uniform(0, seconds),
            victim=dice.randrange(kind.processes),
        )
    if not sent:
        return None, False
    outcomes, _ = run(kind, work_dir, '--resume')
    if any(outcome.code for outcome in outcomes):
        return f'the resume fails: {outcomes[0].output[-2000:]}', True
    if not same(work_dir / kind.last, straight / kind.last):
        return 'other numbers', True
    one, other = best_of(work_dir), best_of(straight)
    if one.keys() != other.keys():
        return f'best checkpoint {list(one)}, not {list(other)}', True
    for path, weights in one.items():
        for tensor, value in weights.items():
            if not torch.equal(value, other[path][tensor]):
                return f'{path}: other weights', True
    return None, True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--kills', type=int, default=10, help='of each kind')
    parser.add_argument('--kinds', nargs='+', help='only these')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--out', help='a JSON file of the counts')
    args = parser.parse_args()
    # A shell gives those in its background a SIGINT that is ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    kinds = {**KINDS, MID_CHECKPOINT: KINDS['epochs']}
    counts, bad = {}, 0
    for name in args.kinds or kinds:
        kind, dice = kinds[name], random.Random(f'{args.seed} {name}')
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            straight = folder / 'straight'
            seconds = unbroken(kind, straight)
            killed, faults = 0, []
            while killed < args.kills:
                fault, sent = attempt(
                    name, kind, straight, seconds, folder, dice
                )
                killed += sent
                faults += [fault] if fault else []
                if fault:
                    print(f'{name}, kill {killed}: {fault}', flush=True)
                for path in folder.glob('run*'):
                    (shutil.rmtree if path.is_dir() else Path.unlink)(path)
        counts[name] = dict(kills=killed, identical=killed - len(faults))
        bad += len(faults)
        print(f'{name}: {counts[name]}', flush=True)
    if args.out:
        Path(args.out).write_text(json.dumps(counts, indent=2) + '\n')
    sys.exit(bool(bad))


if __name__ == '__main__':
    main()
