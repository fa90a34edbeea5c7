"""A work-around goes when the fault that it is for has gone.

The installed packages, without mmspg, are asked for each fault. Where a test
fails, read REMOVE_WHEN of the module that it names: delete the module if that
holds on both families of MM packages at their lowest versions.
"""

import os
import subprocess
import sys
from importlib import import_module
from pkgutil import iter_modules

import pytest
import torch

from mmspg.utils import upstream

pytestmark = pytest.mark.quick

NAMES = """
from mmengine.config.utils import MODULE2PACKAGE, _get_package_and_cfg_path
_get_package_and_cfg_path('torch::some/config.py')
"""
HISTORY = """
import io, torch
from mmengine.logging import HistoryBuffer
file = io.BytesIO()
torch.save(HistoryBuffer(), file)
file.seek(0)
torch.load(file, weights_only=True)
"""
FSDP = """
from types import SimpleNamespace
from mmengine._strategy import fsdp
def optim_state_dict_to_load(*args, **kwargs):
    print('the state comes first' if args[:1] == ('state',) else 'mended')
fsdp.FSDP = SimpleNamespace(optim_state_dict_to_load=optim_state_dict_to_load)
optim = SimpleNamespace(optimizer=None, load_state_dict=lambda state: None)
strategy = SimpleNamespace(model=None, optim_wrapper=optim)
fsdp.FSDPStrategy.load_optim_state_dict(strategy, 'state')
"""
YAPF = """
import pathlib, subprocess, sys
subprocess.run([sys.executable, '-c', 'import yapf'], check=True)
next(pathlib.Path('.').rglob('Grammar*.pickle')).write_bytes(b'')
import yapf
"""
TEXT = """
from mmengine.config import Config
from yapf.yapflib import yapf_api
import mmengine.config.config as config
times = []
def format_code(text, **options):
    times.append(text)
    return text, False
yapf_api.FormatCode = config.FormatCode = format_code
cfg = Config(dict(a=1))
cfg.pretty_text, cfg.pretty_text
print('formatted twice' if len(times) == 2 else 'mended')
"""
INFERENCE = """
import mmpretrain
from types import SimpleNamespace
task = SimpleNamespace(task='Weakly Supervised Object Localization')
from mmengine.model import BaseModel
class Model(BaseModel):
    _metainfo = SimpleNamespace(results=[task])
    def forward(self): pass
mmpretrain.inference_model(Model(), 'a.jpg')
"""
NO_GPU = """
from mmengine.dist import init_dist
init_dist('pytorch', backend='gloo', init_method='file://{folder}/group')
print('started')
"""
GROUP = """
import atexit, torch.distributed as dist
atexit.register(lambda: print('left to itself:', dist.is_initialized()))
dist.init_process_group(
    'gloo', init_method='file://{folder}/group', rank=0, world_size=1
)
"""
# Work-around -> programs, and what they say as long as the fault is there.
FAULTS = {
    'checkpoints': [(HISTORY, 'UnpicklingError')],
    'config_names': [(NAMES, 'AssertionError')],
    'config_text': [(TEXT, 'formatted twice')],
    'fsdp_resume': [(FSDP, 'the state comes first')],
    'model_apis': [(INFERENCE, 'IndexError')],
    'process_group': [
        (NO_GPU, 'torch._C._cuda_setDevice'),
        (GROUP, 'left to itself: True'),
    ],
    'yapf_cache': [(YAPF, 'EOFError')],
}


def said_by(program, folder):
    """What a program says in a process and folder of its own."""
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', program],
        cwd=folder,
        env={
            **os.environ,
            **dict(RANK='0', LOCAL_RANK='0', WORLD_SIZE='1'),
            'XDG_CACHE_HOME': str(folder),
        },
        capture_output=True,
        text=True,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize('name', FAULTS)
def test_the_fault_is_still_there(name, tmp_path):
    module = import_module(f'{upstream.__name__}.{name}')
    for program, told in FAULTS[name]:
        if program == NO_GPU and torch.cuda.is_available():
            continue
        said = said_by(program.replace('{folder}', str(tmp_path)), tmp_path)
        assert told in said, (
            f'the fault that {module.__name__} works around seems to be gone. '
            f'It can be removed when {module.REMOVE_WHEN}.\n{said}'
        )


def test_each_work_around_names_its_fault_and_its_end():
    modules = {module.name for module in iter_modules(upstream.__path__)}
    assert modules == set(FAULTS)
    for name in modules:
        module = import_module(f'{upstream.__name__}.{name}')
        assert module.REMOVE_WHEN
        assert module.ISSUES
        for link in module.ISSUES:
            assert link.startswith('https://github.com/'), link
