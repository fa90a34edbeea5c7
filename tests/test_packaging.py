"""What is built holds all of mmspg, and works where it is installed."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

# What a source distribution holds.
FOLDERS = ('mmspg', 'configs', 'tools', 'projects', 'tests', 'requirements')
# The three calls by which pip and build drive the backend of pyproject.toml.
BUILD = 'import sys, setuptools.build_meta as backend; {}(sys.argv[1])'


def run(arguments, cwd):
    # Nothing of the caller's, which may be this checkout.
    environment = {
        name: value
        for name, value in os.environ.items()
        if name != 'PYTHONPATH'
    }
    process = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env={**environment, 'PYTHONWARNINGS': 'ignore'},
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


def build(what: str, tree: Path, out: Path) -> Path:
    out.mkdir(exist_ok=True)
    before = set(out.iterdir())
    run(['-c', BUILD.format(f'backend.build_{what}'), out], cwd=tree)
    (made,) = set(out.iterdir()) - before
    return made


def files_below(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob('*')
        if path.is_file() and '__pycache__' not in path.parts
    }


@pytest.fixture
def tree(root, tmp_path):
    """Copy what git would clone, as far as a package may need it."""
    copy = tmp_path / 'tree'
    copy.mkdir()
    ignored = shutil.ignore_patterns(
        '.*', '__pycache__', '*.egg-info', 'build', 'dist', 'work_dirs'
    )
    for path in root.iterdir():
        if path.name in FOLDERS:
            shutil.copytree(path, copy / path.name, ignore=ignored)
        elif path.is_file():
            shutil.copy(path, copy)
    # Such a folder beside ours must not become a package that we install.
    for stray in ('docs', 'projects', 'tests', 'data'):
        (copy / stray).mkdir(exist_ok=True)
        (copy / stray / '__init__.py').touch()
    return copy


def expected_in_package(tree: Path) -> set[str]:
    package = files_below(tree / 'mmspg')
    expected = {f'mmspg/{name}' for name in package if '.mim' not in name}
    for folder in ('configs', 'tools'):
        expected |= {
            f'mmspg/.mim/{folder}/{name}'
            for name in files_below(tree / folder)
        }
    return expected | {'mmspg/.mim/model-index.yml'}


def names_in_wheel(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    return {name for name in names if '.dist-info/' not in name}


def test_wheel_and_sdist_are_complete(tree, tmp_path):
    expected = expected_in_package(tree)
    wheel = build('wheel', tree, tmp_path / 'wheels')
    assert names_in_wheel(wheel) == expected
    assert not (tree / 'mmspg/.mim').exists(), 'copies are cleaned up'

    sdist = build('sdist', tree, tmp_path / 'sdists')
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / 'unpacked')
    (source,) = (tmp_path / 'unpacked').iterdir()
    held = files_below(source)
    assert expected <= held
    assert {'LICENSE', 'pyproject.toml', 'setup.py'} <= held
    for folder in FOLDERS[1:]:
        names = {f'{folder}/{name}' for name in files_below(tree / folder)}
        assert names <= held

    again = build('wheel', source, tmp_path / 'wheels-of-sdist')
    assert names_in_wheel(again) == expected


# Run with -S, so that no mmspg of the environment itself is in the way.
FOREIGN = """
import site, sys
site.addsitedir(sys.argv[1])
sys.path += sys.argv[2:]
import mmspg
from mmengine.config import Config
from mmpretrain import get_model, list_models
head = Config.fromfile('mine.py').model.head
model = get_model('spg_tiny_synthetic')
print(mmspg.__file__)
print(head.type, head.num_classes)
print(*list_models('*spg*'))
print(type(model).__name__)
"""


@pytest.mark.quick
@pytest.mark.parametrize('what', ['wheel', 'editable'])
def test_installed_package_is_inherited_from(what, tree, tmp_path):
    """A program elsewhere inherits a recipe and builds one by name."""
    wheel = build(what, tree, tmp_path / 'wheels')
    site, foreign = tmp_path / 'site', tmp_path / 'foreign'
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (foreign / 'mmspg').mkdir(parents=True)  # as where a clone lies
    (foreign / 'mine.py').write_text(
        "_base_ = ['mmspg::presets/spg_inceptionv3_cub_paper.py']\n"
        'model = dict(head=dict(num_classes=7))\n'
    )
    packages = [path for path in sys.path if 'site-packages' in path]
    printed = run(['-S', '-c', FOREIGN, site, *packages], cwd=foreign)
    where, *rest = printed.splitlines()[-4:]
    installed = tree if what == 'editable' else site
    assert Path(where) == installed / 'mmspg/__init__.py'
    assert rest[0] == 'mmspg.SPGHead 7'
    assert 'spg_inceptionv3_imagenet' in rest[1].split()
    assert rest[2] == 'ImageClassifier'


def test_building_a_wheel_leaves_an_editable_install_alone(tree, tmp_path):
    build('editable', tree, tmp_path / 'editable')
    mim = tree / 'mmspg/.mim'
    linked = {path.name for path in mim.iterdir() if path.is_symlink()}
    assert linked == {'configs', 'tools', 'model-index.yml'}
    expected = expected_in_package(tree)
    wheel = build('wheel', tree, tmp_path / 'wheels')
    assert names_in_wheel(wheel) == expected
    assert {path.name for path in mim.iterdir() if path.is_symlink()} == linked


def test_no_family_of_mm_packages_is_required(tree, tmp_path):
    """Either would overwrite the other: an extra chooses."""
    wheel = build('wheel', tree, tmp_path / 'wheels')
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith('METADATA'))
        lines = archive.read(name).decode().splitlines()
    required = [line for line in lines if line.startswith('Requires-Dist')]
    always = [line for line in required if 'extra ==' not in line]
    assert not [line for line in always if 'mm' in line]
    assert not [line for line in always if '==' in line], 'nothing is pinned'
    for family, one in (('onedl', 'onedl-mmcv'), ('openmmlab', 'mmcv-lite')):
        assert any(one in r and f'"{family}"' in r for r in required)
