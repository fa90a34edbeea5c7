import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
MIM = ROOT / 'mmspg' / '.mim'
# What the mims, `mmspg::` configs and MMPretrain's model hub look for inside
# an installed package.
MIM_SOURCES = ('configs', 'tools', 'model-index.yml')
# How pip and build call this file: `develop` is pip before 21.3, the others
# are the steps of PEP 517 and PEP 660.
LINKING = {'develop', 'editable_wheel'}
COPYING = {'sdist', 'bdist_wheel'}


def read_version() -> str:
    text = (ROOT / 'mmspg' / 'version.py').read_text()
    return re.search(r"__version__ = '([^']+)'", text)[1]


def read_requirements(name: str) -> list[str]:
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text().splitlines()
    lines = (line.partition('#')[0].strip() for line in lines)
    return [line for line in lines if line]


def fill_mim(link: bool) -> None:
    shutil.rmtree(MIM, ignore_errors=True)
    MIM.mkdir()
    for name in MIM_SOURCES:
        source, target = ROOT / name, MIM / name
        if link:
            try:
                target.symlink_to(Path('..', '..', name), source.is_dir())
                continue
            except OSError:  # Windows asks for a privilege
                pass
        if source.is_dir():
            ignore = shutil.ignore_patterns('__pycache__')
            shutil.copytree(source, target, ignore=ignore)
        else:
            shutil.copy(source, target)


@contextmanager
def mim(commands: set[str]) -> Iterator[None]:
    """Lay out ``mmspg/.mim``: links to stay, or copies for the build only.

    An editable install of this checkout keeps its links while a wheel is
    built.
    """
    linked = any(path.is_symlink() for path in MIM.glob('*'))
    if commands & LINKING:
        fill_mim(link=True)
        yield
    elif commands & COPYING:
        fill_mim(link=False)
        try:
            yield
        finally:
            shutil.rmtree(MIM)
            if linked:
                fill_mim(link=True)
    else:
        yield


EXTRAS = {
    'onedl': read_requirements('onedl'),
    'openmmlab': read_requirements('openmmlab'),
    'tests': read_requirements('tests'),
    'docs': read_requirements('docs'),
    # What `mim install` adds of itself: openmim the first, onedl-mim the
    # second.
    'mim': read_requirements('openmmlab'),
    'mminstall': read_requirements('onedl'),
    'demo': ['gradio>=6'],
    'export': ['onnx>=1.16', 'onnxruntime>=1.18', 'onnxscript>=0.2'],
    # Tests compare the attributions with it.
    'gradcam': ['grad-cam>=1.5'],
    'heic': ['pillow-heif>=0.16'],
    # To read what label_images.py writes: Label Studio's own package is not
    # among them, since it replaces opencv-python by another build.
    'labels': ['pycocotools>=2.0.7', 'supervision>=0.26'],
    'lite': read_requirements('lite'),
    'lmdb': ['lmdb>=1.4'],
    'safetensors': ['safetensors>=0.4'],
    'timm': ['timm>=1.0'],
}

with mim(set(sys.argv[1:])):
    setup(
        name='mmspg',
        version=read_version(),
        description='SPG, weakly supervised object localisation by '
        'self-produced guidance, for MMPretrain',
        long_description=(
            (ROOT / 'README.md').read_text(encoding='utf-8')
            if (ROOT / 'README.md').is_file()
            else ''
        ),
        long_description_content_type='text/markdown',
        author='The mmspg authors',
        license='Apache-2.0',
        keywords='weakly supervised object localization, SPG, CAM, WSOL',
        classifiers=[
            'Development Status :: 4 - Beta',
            'Intended Audience :: Science/Research',
            'Operating System :: OS Independent',
            'Programming Language :: Python :: 3',
            'Programming Language :: Python :: 3.10',
            'Programming Language :: Python :: 3.11',
            'Programming Language :: Python :: 3.12',
            'Programming Language :: Python :: 3.13',
            'Topic :: Scientific/Engineering :: Artificial Intelligence',
            'Topic :: Scientific/Engineering :: Image Recognition',
            'Typing :: Typed',
        ],
        # So an editable install is a folder on the path. It is found from
        # the folder that holds a clone, too, where the clone itself would be
        # taken for an empty package.
        package_dir={'': '.'} if LINKING & set(sys.argv) else {},
        packages=find_packages(include=('mmspg', 'mmspg.*')),
        include_package_data=True,
        python_requires='>=3.10',
        install_requires=read_requirements('runtime'),
        extras_require=EXTRAS,
        zip_safe=False,
    )
