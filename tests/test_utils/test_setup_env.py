"""What importing mmspg brings, and what it does not."""

import subprocess
import sys

import pytest

from mmspg.utils import register_all_modules

pytestmark = pytest.mark.quick


def run(root, code):
    """Run Python in a fresh interpreter and give what it printed."""
    process = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout.split()


def test_import_brings_neither_torch_nor_mmpretrain(root):
    """Either takes seconds, and a version or ``-h`` needs none."""
    heavy = run(
        root,
        'import sys, mmspg; print(*{"torch", "mmpretrain", "cv2"}'
        '.intersection(sys.modules))',
    )
    assert heavy == []


@pytest.mark.parametrize(
    'imports',
    [
        'import mmspg, mmpretrain',
        'import mmpretrain, mmspg',
        'import mmspg; from mmpretrain.apis import list_models',
        'import mmspg.registry, mmpretrain',
        'import mmspg, importlib.util as u; u.find_spec("mmpretrain");'
        'import mmpretrain',
    ],
)
def test_names_are_registered_in_any_order_of_imports(root, imports):
    names = run(
        root,
        f'{imports}\nimport mmpretrain\n'
        'print(*mmpretrain.list_models("*spg*"))',
    )
    assert {'spg_inceptionv3_imagenet', 'spg_tiny_synthetic'} <= set(names)


def test_registering_twice_is_registering_once(root):
    """A program may forget mmspg and import it again, as a notebook does."""
    assert run(
        root,
        'import mmpretrain, mmspg, sys\n'
        'for name in [n for n in sys.modules if n.startswith("mmspg")]:\n'
        '    del sys.modules[name]\n'
        'import mmspg\n'
        'print(mmpretrain.list_models("spg_tiny_synthetic")[0])',
    ) == ['spg_tiny_synthetic']


def test_register_all_modules_fills_the_registries():
    from mmspg.registry import MODELS, TRANSFORMS

    register_all_modules(init_default_scope=False)
    assert 'SPGNeck' in MODELS.module_dict
    assert len(TRANSFORMS.module_dict) > 0
