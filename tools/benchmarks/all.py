"""Run every speed measurement of this folder with its defaults.

    python tools/benchmarks/all.py
    python tools/benchmarks/all.py boxes data

Prints the kind of the machine, and what each prints under its name, from which
docs/performance.md is made: each figure beside its reference in one run. The
words choose some. What fails is named at the end, and the exit status is 1.
"""

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    *('torch', 'torchvision', 'onnxruntime', 'numba', 'numpy', 'Pillow'),
    'opencv-python',
)


def machine():
    """Say what is measured on, without its name."""
    info, wide = {}, ''
    if Path('/proc/cpuinfo').is_file():
        lines = Path('/proc/cpuinfo').read_text().splitlines()
        pairs = (line.partition(':') for line in lines)
        info = {key.strip(): value.strip() for key, _, value in pairs}
        flags = info.get('flags', '').split()
        wide = next((f for f in ('avx512f', 'avx2') if f in flags), 'no AVX2')
    found = [f'Python {platform.python_version()}']
    for package in PACKAGES:
        try:
            found.append(f'{package} {version(package)}')
        except PackageNotFoundError:
            found.append(f'no {package}')
    name = info.get('model name') or platform.processor()
    return f'{name} ({wide}), {os.cpu_count()} cores; {", ".join(found)}'


def main():
    if {'-h', '--help'} & set(sys.argv):
        sys.exit(__doc__)
    failed = []
    print(machine(), flush=True)
    for path in sorted(Path(__file__).parent.glob('benchmark_*.py')):
        name = path.stem.removeprefix('benchmark_')
        if name in (sys.argv[1:] or [name]):
            print(f'\n## {name}\n', flush=True)
            if subprocess.call([sys.executable, str(path)]):
                failed.append(name)
    sys.exit(f'failed: {", ".join(failed)}' if failed else 0)


if __name__ == '__main__':
    main()
