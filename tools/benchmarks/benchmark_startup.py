r"""Time the start of commands, each in fresh processes.

    python tools/benchmarks/benchmark_startup.py
    python tools/benchmarks/benchmark_startup.py --config CONFIG \
        --cfg-options data_root=DIR

The last row is a training up to its first iteration, which is then ended.
CPU seconds do not count what other programs take of the machine.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mmspg.utils import command_line as cli

ROOT = Path(__file__).resolve().parents[2]
TINY = ROOT / 'configs/spg_tiny_synthetic.py'

BOXES = """
import numpy as np
from mmspg.evaluation.functional import boxes_at_thresholds
boxes_at_thresholds(np.eye(9, dtype='float32'), [.2, .5], 'largest_contour')
"""
NETWORK = """
import sys, torch, mmpretrain.models, mmspg.models
from mmspg.registry import MODELS
from mmspg.utils.cfg import load_config
model = load_config(sys.argv[1]).model
model.backbone.pop('init_cfg', None)
MODELS.build(model)
"""


def parse_args():
    parser = cli.tool_parser(__doc__)
    cli.add_shared(parser, '--cfg-options')
    add = parser.add_argument
    add('--repeats', type=int, default=5, help='processes (%(default)s)')
    add('--config', default=str(TINY), help='what to train (%(default)s)')
    add('--only', default='', help='rows with this in their name')
    args = cli.read_arguments(parser)
    if args.repeats < 1:
        parser.error('--repeats must be at least 1')
    return args


def commands(args, work_dir):
    """What is timed: ``{name: (arguments of python, text to wait for)}``."""
    train = [str(ROOT / 'tools/train.py')]
    start = [*train, args.config, '--work-dir', work_dir, '--no-validate']
    options = ['default_hooks.logger.interval=1', *args.cfg_options]
    rows = {
        'python alone': (['-c', ''], None),
        'import torch': (['-c', 'import torch'], None),
        'import mmspg': (['-c', 'import mmspg'], None),
        'import mmpretrain.models': (['-c', 'import mmpretrain.models'], None),
        'import mmspg.models': (['-c', 'import mmspg.models'], None),
        'tools/train.py -h': ([*train, '-h'], None),
        'tools/test.py -h': ([str(ROOT / 'tools/test.py'), '-h'], None),
        'tools/analysis_tools/print_config.py': (
            [str(ROOT / 'tools/analysis_tools/print_config.py'), args.config],
            None,
        ),
        'the boxes of one map': (['-c', BOXES], None),
        'torch, mmpretrain and the network': (
            ['-c', NETWORK, args.config],
            None,
        ),
        'tools/train.py to its first iteration': (
            [*start, '--cfg-options', *options],
            'step 1 of',
        ),
    }
    return {name: row for name, row in rows.items() if args.only in name}


def timed(arguments, wait_for):
    """Run one process; seconds by the clock and of CPU.

    Raises:
        SystemExit: It failed; shows what it said.
    """
    paths = [str(ROOT), os.environ.get('PYTHONPATH', '')]
    env = dict(
        os.environ,
        PYTHONPATH=os.pathsep.join(filter(None, paths)),
        PYTHONUNBUFFERED='1',
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        said = []
        for line in process.stdout:
            said.append(line)
            if wait_for and wait_for in line:
                break
        seconds = time.perf_counter() - begin
        reached = wait_for and said and wait_for in said[-1]
        if reached:
            process.kill()
    if not reached and (process.returncode or wait_for):
        sys.exit(f'{" ".join(arguments)} failed:\n{"".join(said[-20:])}')
    if not reached:
        seconds = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu


def main():
    args = parse_args()
    print(
        f'median of {args.repeats} fresh processes, after one to warm the '
        'disk cache'
    )
    print(f'{"":40s}{"s":>8s}{"CPU s":>8s}')
    with tempfile.TemporaryDirectory() as work_dir:
        for name, command in commands(args, work_dir).items():
            timed(*command)
            times = [timed(*command) for _ in range(args.repeats)]
            seconds, cpu = map(statistics.median, zip(*times, strict=True))
            print(f'{name:40s}{seconds:8.2f}{cpu:8.2f}', flush=True)


if __name__ == '__main__':
    main()
