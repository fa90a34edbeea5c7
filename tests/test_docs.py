"""What the README and the documentation say is so."""

import ast
import inspect
import itertools
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from documentation import (
    BLOCK,
    FENCE,
    LANGUAGES,
    blocks,
    commands,
    read_pages,
)
from mmengine.config import Config

from mmspg.registry import METRICS, MODELS

LINK = re.compile(r'\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)')
CODE = re.compile(r'`([^`\n]+)`')
LAUNCHER = '#!/bin/sh\nprintf "%s\\n" "$@"\n'  # says what it would start


@pytest.fixture(scope='module')
def pages(root):
    """Give the text of all pages by path below the root."""
    return read_pages(root)


@pytest.fixture
def parse(root, tmp_path, monkeypatch):
    """Parse the arguments of a script of tools/ as the script does."""
    environment = dict(os.environ)
    (tmp_path / 'photos').mkdir()
    monkeypatch.chdir(tmp_path)
    scripts = {}

    def parse_arguments(script, arguments):
        path = root / script
        assert path.is_file(), f'there is no {script}'
        monkeypatch.setattr(sys, 'argv', [str(path), *arguments])
        monkeypatch.syspath_prepend(str(path.parent))
        if script not in scripts:
            scripts[script] = runpy.run_path(str(path))
        if 'parse_args' in scripts[script]:
            scripts[script]['parse_args']()

    yield parse_arguments
    os.environ.clear()
    os.environ.update(environment)


def extras(root):
    """Read the names of the extras that setup.py offers."""
    tree = ast.parse((root / 'setup.py').read_text())
    (found,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == 'EXTRAS'
    )
    return {key.value for key in found.keys}


def test_every_command_is_one(pages, root, parse, tmp_path):
    """Scripts exist and take the arguments, extras and configs exist."""
    offered, wrong, number = extras(root), [], 0
    for block in blocks(pages, 'shell'):
        for command in commands(block):
            number += 1
            try:
                check(command.words, offered, root, parse, tmp_path)
            except (AssertionError, SystemExit) as error:
                wrong.append(f'{command}: {error}')
    assert not wrong, '\n'.join(wrong)
    assert number > 20


def check(words, offered, root, parse, folder):
    """Check one command; AssertionError or SystemExit if it is none.

    Whether it runs, too, is the matter of test_documented.py.
    """
    words = [word.replace('$TOOLS/', 'tools/') for word in words]
    words = [word.removeprefix('[').removesuffix(']') for word in words]
    line = ' '.join(words)
    for config in re.findall(r'\bconfigs/[\w./-]+\.py', line):
        assert (root / config).is_file(), f'there is no {config}'
    if ' install ' in line:
        for extra in re.findall(r'\[([\w,]+)\]', line):
            assert set(extra.split(',')) <= offered, extra
        for name in re.findall(r'requirements/[\w.]+', line):
            assert (root / name).is_file(), name
    elif words[0] == 'python' and re.match(r'(tools|docs)/', words[1]):
        parse(words[1], words[2:])
    elif words[0] == 'bash' and re.match(r'tools/(dist|slurm)_', words[1]):
        parse(*launched(words, root, folder))
    elif words[0] == 'bash':
        assert (root / words[1]).is_file(), f'there is no {words[1]}'


def launched(words, root, folder):
    """Give the script that a launcher would start, and its arguments."""
    for name in ('torchrun', 'srun'):
        (folder / name).write_text(LAUNCHER)
        (folder / name).chmod(0o755)
    done = subprocess.run(
        ['bash', str(root / words[1]), *words[2:]],
        env={
            **os.environ,
            'PATH': f'{folder}{os.pathsep}{os.environ["PATH"]}',
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    started = done.stdout.splitlines()
    (at,) = (
        i
        for i, word in enumerate(started)
        if word.endswith('.py') and 'tools' in Path(word).parts
    )
    return f'tools/{Path(started[at]).name}', started[at + 1 :]


def test_no_block_evades(pages):
    """A block that is marked otherwise, or indented, would not be run."""
    for page, text in pages.items():
        allowed = [f'```{language}' for language in (*LANGUAGES, '')]
        found = set(FENCE.findall(text))
        assert found <= set(allowed), f'{page}: mark blocks as {LANGUAGES}'


def test_python_blocks(pages):
    """Programs and configs of the pages compile."""
    found = blocks(pages, 'python')
    assert found
    for block in found:
        compile(block.code, block.page, 'exec')


def test_evaluators_of_the_page(pages):
    (code,) = (
        block.code
        for block in blocks(pages, 'python')
        if block.page == 'docs/evaluation.md'
    )
    names = {}
    exec(code, names)
    assert METRICS.build(names['val_evaluator']).rule == 'largest_area'


def test_links_lead_somewhere(pages, root):
    broken = [
        f'{page}: {target}'
        for page, text in pages.items()
        for target in LINK.findall(text)
        if not (root / page).parent.joinpath(target).exists()
    ]
    assert not broken


def expand(path):
    """Give the paths that braces stand for."""
    parts = [part.split(',') for part in re.split(r'\{([^}]*)\}', path)[1::2]]
    frame = re.sub(r'\{[^}]*\}', '{}', path)
    return [frame.format(*some) for some in itertools.product(*parts)]


def test_paths_exist(pages, root):
    missing = [
        f'{page}: {path}'
        for page, text in pages.items()
        for code in CODE.findall(BLOCK.sub('', text))
        if re.fullmatch(r'(configs|tools|mmspg|docs|tests)/[^\s<>$]+', code)
        for path in expand(code)
        if not list(root.glob(path.rstrip('/')))
    ]
    assert not missing


def test_options_of_the_method_exist(pages):
    """`model.neck.x` is an argument of the part that the configs build."""
    parts = dict(
        backbone='mmspg.TruncatedInceptionV3',
        neck='mmspg.SPGNeck',
        head='mmspg.SPGHead',
    )
    found = set()
    for page in ('docs/method.md', 'docs/migration.md'):
        found |= set(
            re.findall(r'`model\.(backbone|neck|head)\.(\w+)', pages[page])
        )
    assert len(found) > 12
    for part, option in found:
        cls = MODELS.get(parts[part])
        names = {
            name
            for base in cls.__mro__
            for name in inspect.signature(base.__init__).parameters
        }
        assert option in names, f'model.{part}.{option}'


def test_presets_are_as_the_method_says(pages, root):
    rows = re.findall(
        r'^\| `([\w.]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$',
        pages['docs/method.md'].split('## Presets')[1],
        re.M,
    )
    assert len(rows) == 10
    for i, preset in enumerate(('paper', 'authors', 'benchmark'), 1):
        cfg = Config.fromfile(
            root / f'configs/presets/spg_inceptionv3_imagenet_{preset}.py'
        )
        for row in rows:
            value = cfg
            for key in row[0].split('.'):
                value = value[key]
            assert value == ast.literal_eval(row[i].strip()), (preset, row)


def test_model_zoo_is_up_to_date(root):
    script = runpy.run_path(str(root / 'docs/make_model_zoo.py'))
    written = (root / 'docs/model_zoo.md').read_text(encoding='utf-8')
    assert written == script['page'](root), 'python docs/make_model_zoo.py'


def test_example_has_15_lines(pages):
    """Data of one's own need no more than that of a config."""
    (block,) = blocks({'': pages['docs/own_photographs.md']}, 'python')
    assert len([line for line in block.code.splitlines() if line]) <= 15


def test_picture_of_the_drawing_is_up_to_date(pages, root):
    """The site shows the SVG file, GitHub draws the block itself."""
    (drawing,) = blocks({'': pages['docs/architecture.md']}, 'mermaid')
    labels = re.findall(r'\["([^"]+)"\]|\[([^"\]]+)\]', drawing.code)
    words = ' '.join(map(''.join, labels)).replace('<br>', ' ').split()
    svg = (root / 'docs/images/architecture-1.svg').read_text('utf-8')
    shown = re.sub(r'<style>.*?</style>|<[^>]*>', ' ', svg, flags=re.S)
    assert len(words) > 60
    assert sorted(shown.split()) == sorted(words), 'see CONTRIBUTING.md'


def definitions(path):
    """Give the names that a file defines; those in classes, too, dotted."""
    found = set()
    for node in ast.parse(path.read_text(encoding='utf-8')).body:
        if isinstance(node, ast.Assign):
            found |= {ast.unparse(target) for target in node.targets}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {
                f'{node.name}.{part.name}'
                for part in node.body
                if isinstance(part, ast.FunctionDef)
            }
    return found


def test_architecture_names_what_there_is(pages, root):
    """Functions of the drawings, and what the table says to open."""
    page = pages['docs/architecture.md']
    drawn = set(re.findall(r'([A-Za-z_][\w.]*)\(\)', BLOCK.search(page)[2]))
    there = set().union(*map(definitions, (root / 'mmspg').rglob('*.py')))
    assert len(drawn) > 15
    assert not drawn - there
    rows = re.findall(r'^\| [^|]+ \| ([^|]+) \| ([^|]+) \|$', page, re.M)
    assert len(rows) > 12
    for files, names in rows:
        defined = set()
        for file in CODE.findall(files):
            paths = [
                path
                for one in expand(file)
                for path in root.glob(one.rstrip('/'))
            ]
            assert paths, file
            defined |= {
                name
                for path in paths
                if path.suffix == '.py'
                for name in definitions(path)
            }
        assert not set(CODE.findall(names)) - defined, (files, names)
