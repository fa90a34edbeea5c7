"""Every command and every program of the pages runs.

See CONTRIBUTING.md, "A page of the documentation", and
`documented_commands.py`.
"""

import glob
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from documentation import blocks, commands, read_pages
from documented_commands import CANNOT_RUN, ELSEWHERE, SMALLER, STANDS_FOR
from documented_stage import REAL, lay_out, supply
from forked import needs_fork, start, wait

ROOT = Path(__file__).resolve().parents[1]
PAGES = read_pages(ROOT)
# What a command writes is the word behind one of these.
WRITES = ('--out', '--csv', '--show-dir', '--dump-score-maps')


def beginning(words, table):
    """Give the entries of a table that a command begins with."""
    line = ' '.join(words) + ' '
    return [table[start] for start in table if line.startswith(start)]


def listed(command):
    """Whether a command runs elsewhere, or cannot run here."""
    return bool(beginning(command.words, {**ELSEWHERE, **CANNOT_RUN}))


def all_commands():
    return [c for block in blocks(PAGES, 'shell') for c in commands(block)]


def test_every_command_is_run_or_listed():
    """What is neither is mended in documented_commands.py."""
    unknown = [
        str(command)
        for command in all_commands()
        if not listed(command)
        and not re.match(r'python tools/\S+\.py ?', ' '.join(command.words))
    ]
    assert not unknown, f'neither run nor listed: {unknown}'


def test_lists_say_what_is_so():
    """No entry without a command; who runs it does have it."""
    lines = [' '.join(command.words) + ' ' for command in all_commands()]
    tables = {**SMALLER, **ELSEWHERE, **CANNOT_RUN}
    unused = [s for s in tables if not any(li.startswith(s) for li in lines)]
    assert not unused, f'no page has these commands: {unused}'
    for start_of, (file, text) in ELSEWHERE.items():
        assert text in (ROOT / file).read_text(), (start_of, file)


def test_folder_of_the_tools():
    """The line that sets TOOLS, in a shell."""
    lines = {
        line
        for block in blocks(PAGES, 'shell')
        for line in block.code.splitlines()
        if line.startswith('TOOLS=')
    }
    (line,) = lines
    path = os.pathsep.join(
        [str(Path(sys.executable).parent), os.environ['PATH']]
    )
    done = subprocess.run(
        ['bash', '-c', f'{line}\necho "$TOOLS"'],
        env={**os.environ, 'PATH': path, 'PYTHONPATH': str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith('mmspg/.mim/tools')


def smaller(words):
    """A command on the stage, and brief."""
    words = [STANDS_FOR.get(word, word) for word in words]
    if 'DIR' in words:  # where the data of the config lie
        root = 'CUB_200_2011' if '_cub' in ' '.join(words) else 'ILSVRC'
        words[words.index('DIR')] = f'data/{root}'
    settings, arguments = [], []
    for some in beginning(words, SMALLER):
        for one in some:
            if one.startswith('--'):
                arguments += one.split()
            else:
                settings.append(one)
    if 'tools/train.py' in words and '--pretrained' not in words:
        settings.append('model.backbone.init_cfg=None')
    if settings and '--cfg-options' not in words:
        words.append('--cfg-options')
    return [*words, *settings, *arguments]


def run_script(words):
    """Run ``python SCRIPT ARGUMENTS...`` in this process."""
    script = os.path.abspath(words[1])
    # as a shell does it
    sys.argv = [f for w in words[1:] for f in sorted(glob.glob(w)) or [w]]
    sys.path.insert(0, os.path.dirname(os.path.realpath(script)))
    runpy.run_path(script, run_name='__main__')


def run_program(code):
    """Run a Python block, on the CPU; a config is built instead."""
    if re.search(r'^(import|from) ', code, re.M):
        sys.path.insert(0, os.getcwd())
        exec(compile(code.replace('cuda:0', 'cpu'), 'page', 'exec'), {})
    else:
        build_config(code)


def build_config(code):
    """Build all that the fragment of a config has, over the tiny config."""
    from mmengine.config import Config
    from mmengine.registry import init_default_scope
    from mmengine.visualization import Visualizer

    from mmspg.registry import DATASETS, HOOKS, METRICS, MODELS, VISUALIZERS

    file = Path('fragment.py')
    if '_base_' not in code:
        code = "_base_ = ['configs/spg_tiny_synthetic.py']\n" + code
    file.write_text(code)
    cfg = Config.fromfile(file)
    init_default_scope('mmpretrain')
    MODELS.build(cfg.model)
    for hook in cfg.get('custom_hooks', []):
        HOOKS.build(hook)
    METRICS.build(cfg.val_evaluator)
    if 'photographs' not in cfg:
        return
    DATASETS.build(cfg.train_dataloader.dataset)
    assert issubclass(VISUALIZERS.get(cfg.visualizer.type), Visualizer)


def steps():
    """Give ``(page, what, call, argument)`` of all that runs, in order."""
    for block in blocks(PAGES):
        if block.language == 'shell':
            for command in commands(block):
                if not listed(command):
                    words = smaller(command.words)
                    what = ' '.join(command.words)
                    yield block.page, what, run_script, words
        elif block.language == 'python':
            what = ' '.join(block.code.split())[:40]
            yield block.page, what, run_program, block.code


@pytest.fixture(scope='module')
def stages(tmp_path_factory):
    """Give the folder to run a page in: what one step writes, the next reads.

    Only one page's is kept: they hold checkpoints of real networks.
    """
    import mmpretrain.models  # noqa: F401  forked children then have them

    import mmspg.datasets.registered
    import mmspg.engine
    import mmspg.evaluation.metrics
    import mmspg.models
    import mmspg.visualization  # noqa: F401

    given = os.environ.get('MMSPG_SHARED')
    shared = Path(given) if given else ROOT.parent / 'shared'
    kept = {}

    def of(page):
        if page not in kept:
            for _ in range(len(kept)):
                shutil.rmtree(kept.popitem()[1])
            kept[page] = tmp_path_factory.mktemp('stage')
            lay_out(kept[page], ROOT, shared if shared.is_dir() else None)
        return kept[page]

    yield of
    for folder in kept.values():
        shutil.rmtree(folder)


STEPS = list(steps())


@needs_fork
@pytest.mark.slow
@pytest.mark.parametrize(
    'page, what, call, argument',
    STEPS,
    ids=[f'{page}: {what}' for page, what, *_ in STEPS],
)
def test_runs(page, what, call, argument, stages, tmp_path, monkeypatch):
    folder = stages(page)
    reference = folder / 'reference'
    if not reference.exists() and any(word in what for word in REAL):
        pytest.skip('needs the reference data: set MMSPG_SHARED')
    if 'mmspg::' in argument and not (ROOT / 'mmspg/.mim').is_dir():
        pytest.skip('mmspg:: needs an installed mmspg: pip install -e .')
    monkeypatch.setenv('PYTHONPATH', str(ROOT))
    monkeypatch.setenv('MPLBACKEND', 'agg')
    monkeypatch.syspath_prepend(ROOT)
    monkeypatch.chdir(folder)
    if call is run_script:
        supply(argument, reference)
    else:
        files = re.findall(r"'(\S+\.(?:py|pth))'", argument)
        supply(files, reference, classes=None)
        if 'box_step' in argument:
            shutil.copy('bird.jpg', 'exported')
            monkeypatch.chdir('exported')
    log = tmp_path / 'log'
    outcome = wait(start(log, call, argument), log)
    lacking = re.search(r'.* pip install "mmspg\[\w+\]"', outcome.output)
    if outcome.code and lacking:
        pytest.skip(lacking[0])
    assert outcome.code == 0, outcome.output[-3000:]
    if call is run_script:
        for flag, path in zip(argument, argument[1:], strict=False):
            assert flag not in WRITES or Path(path).exists(), path
