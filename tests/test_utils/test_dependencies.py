"""The error of a wrong environment says what is wrong and what mends it."""

import subprocess
import sys

import pytest

from mmspg.utils import dependencies
from mmspg.utils.dependencies import check_dependencies

pytestmark = pytest.mark.quick

ONEDL = {
    'onedl-mmengine': '0.10.12',
    'onedl-mmcv': '2.3.6',
    'onedl-mmpretrain': '1.3.6',
}
OPENMMLAB = {
    'mmengine': '0.10.7',
    'mmcv-lite': '2.2.0',
    'mmpretrain': '1.2.0',
}


@pytest.fixture
def environment(monkeypatch):
    """Pretend that these distributions, and no others, are installed."""

    def pretend(distributions, missing=()):
        def version(name):
            if name not in distributions:
                raise dependencies.PackageNotFoundError(name)
            return distributions[name]

        monkeypatch.setattr(dependencies, 'version', version)
        monkeypatch.setattr(
            dependencies,
            'find_spec',
            lambda name: None if name in missing else object(),
        )

    return pretend


@pytest.mark.parametrize('family', [ONEDL, OPENMMLAB])
def test_either_family_serves(environment, family):
    environment(family)
    check_dependencies()


def test_source_tree_without_metadata_is_taken_as_it_is(environment):
    environment({})
    check_dependencies()


@pytest.mark.parametrize(
    'change, expected',
    [
        ({'onedl-mmcv': '2.4.0'}, 'onedl-mmcv 2.4.0 is not >=2.1.0, <2.4'),
        ({'onedl-mmcv': '2.4.0rc1'}, 'onedl-mmcv 2.4.0rc1 is not'),
        ({'onedl-mmcv': '1.7.2'}, 'onedl-mmcv 1.7.2 is not'),
        ({'onedl-mmengine': '0.8'}, 'onedl-mmengine 0.8 is not >=0.10.7'),
        ({'onedl-mmengine': '0.10.11'}, '0.10.11 is known to be broken'),
        ({'onedl-mmpretrain': '2.0'}, 'onedl-mmpretrain 2.0 is not'),
        (
            {'mmcv-lite': '2.2.0'},
            'onedl-mmcv and mmcv-lite overwrite each other',
        ),
        (OPENMMLAB, "both OneDL's and OpenMMLab's packages are installed"),
    ],
)
def test_wrong_environment(environment, change, expected):
    distributions = ONEDL | change
    environment(distributions)
    with pytest.raises(ImportError) as caught:
        check_dependencies()
    message = str(caught.value)
    assert expected in message
    assert 'pip install "mmspg[onedl]"' in message
    assert 'pip install "mmspg[openmmlab]"' in message
    for name, version in distributions.items():
        assert f'{name} {version}' in message, 'what was found is listed'
    removal = message.splitlines()[-1].partition('uninstall -y ')[2]
    assert set(removal.split()) == set(distributions)


def test_all_that_is_missing_is_named_at_once(environment):
    environment({}, missing=('mmengine', 'mmcv', 'mmpretrain'))
    with pytest.raises(ImportError) as caught:
        check_dependencies()
    message = str(caught.value)
    for module in ('mmengine', 'mmcv', 'mmpretrain'):
        assert f'{module} is missing' in message
        assert f'{module}: nothing' in message
    assert 'uninstall' not in message, 'there is nothing to remove'


def test_import_of_mmspg_gives_this_error_and_no_other(root):
    code = "import sys; sys.modules['mmcv'] = None; import mmspg"
    process = subprocess.run(
        [sys.executable, '-c', code], cwd=root, capture_output=True, text=True
    )
    assert process.returncode == 1
    assert 'ImportError: mmspg cannot work' in process.stderr
    assert 'mmcv is missing' in process.stderr
    assert 'During handling of' not in process.stderr
