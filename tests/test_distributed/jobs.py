"""Run a tool in the processes of one job, each a fork that needs no import.

What ``torchrun`` does for a job is to set five variables; so does this. The
slow tests start the same jobs by ``tools/dist_train.sh``.
"""

import os
import socket
from pathlib import Path

from forked_runs import Outcome, start, tool, wait

GLOO = {
    'env_cfg.dist_cfg.backend': 'gloo',
    'env_cfg.dist_cfg.timeout': 120,  # a test that hangs shall end
}


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        return server.getsockname()[1]


def pairs(options):
    """KEY=VALUE, as the command line has them."""
    return [f'{key}={value}' for key, value in options.items()]


def _process(rank, size, port, name, args, prepare):
    os.environ.update(
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE=str(size),
        MASTER_ADDR='127.0.0.1',
        MASTER_PORT=str(port),
    )
    tool(name, args, prepare and (lambda: prepare(rank)))


def start_job(folder, size, name, args, options, prepare=None):
    """Start a tool as a job of ``size`` processes; gives children and logs.

    ``folder`` gets what each process prints; ``prepare(rank)`` is called in
    each before the tool.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    options = {**GLOO, **options}
    args = [*args, '--launcher', 'pytorch', '--cfg-options', *pairs(options)]
    logs = [folder / f'rank{rank}.out' for rank in range(size)]
    return [
        (start(log, _process, rank, size, port, name, args, prepare), log)
        for rank, log in enumerate(logs)
    ]


def run_job(*args, **kwargs) -> list[Outcome]:
    """Run a tool as a job, see `start_job`, to its end."""
    return [wait(*both) for both in start_job(*args, **kwargs)]


def succeed(outcomes):
    for rank, outcome in enumerate(outcomes):
        assert outcome.code == 0, f'rank {rank}: {outcome.output[-3000:]}'
