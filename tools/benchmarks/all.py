"""Run every speed measurement of this folder with its defaults.

    python tools/benchmarks/all.py
    python tools/benchmarks/all.py boxes data

Prints what each prints, under its name. The words choose some. One that fails
is named at the end, and the exit status is 1.
"""

import subprocess
import sys
from pathlib import Path


def main():
    if {'-h', '--help'} & set(sys.argv):
        sys.exit(__doc__)
    failed = []
    for path in sorted(Path(__file__).parent.glob('benchmark_*.py')):
        name = path.stem.removeprefix('benchmark_')
        if name in (sys.argv[1:] or [name]):
            print(f'\n## {name}\n', flush=True)
            if subprocess.call([sys.executable, str(path)]):
                failed.append(name)
    sys.exit(f'failed: {", ".join(failed)}' if failed else 0)


if __name__ == '__main__':
    main()
