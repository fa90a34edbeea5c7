"""Check which MMEngine, MMCV and MMPretrain are installed.

Two families of distributions share these import names: OpenMMLab's own and
OneDL's maintained forks. So mmspg requires neither, and an extra chooses.
This check says what to do if none, a wrong one or both are installed. It
reads only metadata, imports none of the three and needs no package.
"""

import re
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

__all__ = ['check_dependencies', 'find_distributions']

# By import name: the distributions that have it, the first version that works
# and the first that does not.
REQUIREMENTS = {
    'mmengine': (
        ('onedl-mmengine', 'mmengine', 'mmengine-lite'),
        '0.10.7',
        '1.0',
    ),
    'mmcv': (
        ('onedl-mmcv', 'onedl-mmcv-lite', 'mmcv', 'mmcv-lite', 'mmcv-full'),
        '2.1.0',
        '2.4',
    ),
    'mmpretrain': (('onedl-mmpretrain', 'mmpretrain'), '1.2.0', '2.0'),
}

# Versions within the range that are known not to work.
BROKEN = {('onedl-mmengine', '0.10.11')}

ADVICE = """\
Install one family of them, in an environment that has nothing of the other:
    pip install "mmspg[onedl]"      (OneDL's maintained forks; the default)
    pip install "mmspg[openmmlab]"  (OpenMMLab's own last releases)"""


def _digits(text: str) -> tuple[int, ...]:
    """Give ``(2, 3, 6)`` for '2.3.6' and for '2.3.6rc1'."""
    release = re.match(r'\d+(\.\d+)*', text)
    return tuple(map(int, release[0].split('.'))) if release else ()


def find_distributions(names: tuple[str, ...]) -> dict[str, str]:
    """Find which of some distributions are installed.

    Args:
        names (tuple[str]): Names of distributions, as pip knows them.

    Returns:
        dict[str, str]: Version of each that is installed.
    """
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _faults(module: str, found: dict[str, str]) -> list[str]:
    """Say what is wrong with the distributions of one import name."""
    names, low, high = REQUIREMENTS[module]
    if find_spec(module) is None:
        return [f'{module} is missing']
    faults = []
    if len(found) > 1:
        faults.append(
            f'{" and ".join(found)} overwrite each other: '
            f'both are imported as {module}'
        )
    for name, has in found.items():
        if not _digits(low) <= _digits(has) < _digits(high):
            faults.append(f'{name} {has} is not >={low}, <{high}')
        elif (name, has) in BROKEN:
            faults.append(f'{name} {has} is known to be broken')
    return faults


def check_dependencies() -> None:
    """Check that one family of the MM packages is installed, and in range.

    A package that can be imported but that pip does not know (a source tree
    on ``PYTHONPATH``) is accepted.

    Raises:
        ImportError: A package is missing or out of range, or both families
            are installed. The message lists what was found, what is wrong,
            and the commands that mend it.
    """
    found = {
        module: find_distributions(names)
        for module, (names, _, _) in REQUIREMENTS.items()
    }
    faults = [
        fault for module in found for fault in _faults(module, found[module])
    ]
    everything = [name for some in found.values() for name in some]
    forks = [name for name in everything if name.startswith('onedl-')]
    if forks and len(forks) < len(everything):
        faults.append("both OneDL's and OpenMMLab's packages are installed")
    if not faults:
        return

    listing = [
        f'    {module}: '
        + (', '.join(f'{n} {v}' for n, v in some.items()) or 'nothing')
        for module, some in found.items()
    ]
    lines = [
        'mmspg cannot work with the MM packages of this environment: '
        + '; '.join(faults)
        + '.',
        'Found:',
        *listing,
        ADVICE,
    ]
    if everything:
        lines.append(
            'To remove those found, first: pip uninstall -y '
            + ' '.join(everything)
        )
    raise ImportError('\n'.join(lines))
