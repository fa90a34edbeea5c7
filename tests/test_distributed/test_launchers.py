"""The scripts that start jobs, with a real torchrun and a stand-in for srun.

On CPUs, over gloo. Every process imports all anew, hence slow.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from forked_runs import CONFIG, ROOT, TINY
from jobs import GLOO, free_port, pairs, run_job, succeed

TTA = f"""
_base_ = ['{CONFIG}', '{ROOT}/configs/_base_/tta/ten_crop_224.py']
test_dataloader = dict(batch_size=2, dataset=dict(num_images=5))
"""

DIES = f"""
_base_ = ['{CONFIG}']
custom_imports = dict(imports=['dies'])
"""
DIES_PY = """
import os, signal
from mmspg.engine.hooks import LossCheckHook

check = LossCheckHook.after_train_iter

def after_train_iter(self, runner, *args, **kwargs):
    check(self, runner, *args, **kwargs)
    if os.environ['RANK'] == '1' and runner.iter == 4:
        os.kill(os.getpid(), signal.SIGKILL)

LossCheckHook.after_train_iter = after_train_iter
"""

# Starts the tasks of a job on this machine, as srun does on many.
SRUN = f"""#!{sys.executable}
import os, subprocess, sys
options = [a for a in sys.argv[1:] if a.startswith('--')]
size = next(o.split('=')[1] for o in options if o.startswith('--ntasks='))
command = sys.argv[sys.argv.index('python'):]
tasks = []
for rank in range(int(size)):
    env = dict(
        os.environ,
        SLURM_PROCID=str(rank),
        SLURM_LOCALID=str(rank),
        SLURM_NTASKS=size,
        SLURM_NODELIST='one-machine',
    )
    tasks.append(subprocess.Popen(command, env=env))
sys.exit(max(task.wait() for task in tasks))
"""


def run(script, *args, path=(), **variables):
    """Run a script; the commands of this Python and of ``path`` come first."""
    own = [*path, os.path.dirname(sys.executable), os.environ['PATH']]
    python_path = [*path, ROOT, os.environ.get('PYTHONPATH', '')]
    return subprocess.run(
        ['bash', f'tools/{script}.sh', *map(str, args)],
        cwd=ROOT,
        env={
            **os.environ,
            'PATH': os.pathsep.join(map(str, own)),
            'PYTHONPATH': os.pathsep.join(map(str, python_path)),
            **variables,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def options(**more):
    return ['--cfg-options', *pairs({**TINY, **GLOO, **more})]


@pytest.mark.parametrize(
    'script', ['dist_train', 'dist_test', 'slurm_train', 'slurm_test']
)
def test_a_script_without_arguments_says_how_to_use_it(script):
    done = run(script)
    assert done.returncode == 2
    assert done.stdout.startswith(f'usage: tools/{script}.sh')


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    sys.path.insert(0, str(ROOT / 'tests'))
    from tiny_checkpoint import write_checkpoint

    from mmspg.datasets import SyntheticLoc

    classes = SyntheticLoc(num_images=4).metainfo['classes']
    return write_checkpoint(ROOT, tmp_path_factory.mktemp('tiny'), classes)[1]


def figures(path):
    return json.loads(Path(path).read_text())


@pytest.mark.slow
def test_torchrun_names_the_process_that_was_killed(tmp_path):
    (tmp_path / 'dies.py').write_text(DIES_PY)
    (tmp_path / 'config.py').write_text(DIES)
    work_dir = tmp_path / 'run'
    done = run(
        'dist_train',
        tmp_path / 'config.py',
        2,
        '--work-dir',
        work_dir,
        '--no-validate',
        *options(),
        path=[tmp_path],
    )
    assert done.returncode != 0
    cause = done.stdout[done.stdout.index('Root Cause') :]
    assert 'rank      : 1' in cause
    assert 'SIGKILL' in cause
    assert (work_dir / 'last_checkpoint').read_text().endswith('epoch_2.pth')


@pytest.mark.slow
def test_torchrun_tests_with_ten_crops_as_one_process_does(
    tmp_path, checkpoint
):
    (tmp_path / 'config.py').write_text(TTA)
    common = [tmp_path / 'config.py', checkpoint]
    more = ['--tta', '--input-size', 32, '--work-dir', tmp_path / 'run']
    more += ['--out-item', 'metrics', '--out']
    one, two = tmp_path / 'one.json', tmp_path / 'two.json'
    succeed(run_job(tmp_path, 1, 'tools/test.py', [*common, *more, one], {}))
    # With a port, as on several machines.
    port = str(free_port())
    more += [two, '--cfg-options', *pairs(GLOO)]
    done = run('dist_test', *common, 2, *more, PORT=port)
    assert done.returncode == 0, done.stdout
    assert figures(one) == figures(two)


@pytest.mark.slow
def test_slurm(tmp_path, checkpoint):
    srun = tmp_path / 'srun'
    srun.write_text(SRUN)
    srun.chmod(0o755)
    out = tmp_path / 'out.json'
    done = run(
        'slurm_test',
        'partition',
        'job',
        CONFIG,
        checkpoint,
        '--work-dir',
        tmp_path,
        '--out',
        out,
        '--out-item',
        'metrics',
        *options(**{'test_dataloader.dataset.num_images': 5}),
        path=[tmp_path],
        GPUS='2',
        MASTER_ADDR='127.0.0.1',
        MASTER_PORT=str(free_port()),
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert 0 <= figures(out)['loc/gt_known_acc'] <= 100


@pytest.mark.slow
def test_without_gpus_nccl_is_refused_with_what_to_do(tmp_path):
    import torch

    if torch.cuda.is_available():
        pytest.skip('this machine has a GPU')
    done = run('dist_train', CONFIG, 1, '--work-dir', tmp_path)
    assert done.returncode != 0
    assert 'env_cfg.dist_cfg.backend=gloo' in done.stdout
