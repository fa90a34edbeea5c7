"""Time and memory of reading the list of a training set.

    python tools/benchmarks/benchmark_lists.py
    python tools/benchmarks/benchmark_lists.py --images 10000000

Lists of 1000 classes are written into a temporary folder, in the metadata
format, without and with a box and a size for each image. Each is read in a
process of its own: as columns, as a training does, and line by line, as what
is tested on or has a fault is. The latter reads a part of the list, the time
of which is multiplied. Memory is the peak while reading, less what the
imports take.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READ = """
import sys, time
from mmspg.datasets import WSOLMetadata
way, folder = sys.argv[1:]
if way != 'columns':
    WSOLMetadata.load_columns = lambda self: None
def memory(key):
    lines = open('/proc/self/status').read().splitlines()
    return next(int(l.split()[1]) for l in lines if l.startswith(key)) / 1024
before = memory('VmRSS')
open('/proc/self/clear_refs', 'w').write('5')  # forget the peak
begin = time.process_time()
data = WSOLMetadata('/images', folder, 'train', pipeline=[])
print(len(data), time.process_time() - begin, memory('VmHWM') - before)
"""


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('--images', type=int, default=1_281_167, help='(%(default)s)')
    add(
        '--part',
        type=int,
        default=40,
        help='1/PART line by line (%(default)s)',
    )
    args = parser.parse_args()
    if args.images < 1000 * args.part:
        parser.error('--images must be at least 1000 times --part')
    return args


def write(folder, number, boxes):
    """Write the lists of a split."""
    folder.mkdir(parents=True)
    names = [
        f'train/n{i % 1000:08d}/n{i % 1000:08d}_{i // 1000}.JPEG'
        for i in range(number)
    ]
    columns = dict(image_ids='', class_labels=',7')
    if boxes:
        columns.update(image_sizes=',500,375', localization=',9,20,300,310.5')
    for file, rest in columns.items():
        text = ''.join(f'{name}{rest}\n' for name in names)
        (folder / f'{file}.txt').write_text(text)


def read(way, folder):
    """Read it in another process: images, CPU seconds, MiB."""
    done = subprocess.run(
        [sys.executable, '-c', READ, way, str(folder)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    if done.returncode:
        sys.exit(done.stderr)
    number, seconds, memory = done.stdout.split()[-3:]
    return int(number), float(seconds), float(memory)


def main():
    args = parse_args()
    print('| images | list | read | CPU s | us an image | peak MiB |')
    print('|--:|---|---|--:|--:|--:|')
    for boxes in (False, True):
        what = 'with boxes and sizes' if boxes else 'without boxes'
        for way, part in (('columns', 1), ('line by line', args.part)):
            with tempfile.TemporaryDirectory() as folder:
                number = args.images // part
                write(Path(folder, 'train'), number, boxes)
                number, seconds, memory = read(way, folder)
            print(
                f'| {number * part} | {what} | {way} | {seconds * part:.1f} '
                f'| {1e6 * seconds / number:.1f} | {memory * part:.0f} |',
                flush=True,
            )


if __name__ == '__main__':
    main()
