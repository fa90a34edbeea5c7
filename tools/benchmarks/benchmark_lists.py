"""Time and memory of reading the list of a training set.

    python tools/benchmarks/benchmark_lists.py
    python tools/benchmarks/benchmark_lists.py --many 100000000

Lists of 1000 classes are written into a temporary folder, in the metadata
format, without and with a box and a size for each image. Each is read in a
process of its own: as columns, as a training does, and line by line, as what
is tested on or has a fault is. Then folders of classes are scanned, without
any list: by the names of the files, as ImageNetLoc does, and by their first
bytes, as PhotoFolders does. At last a list of --many images is read. Line by
line and in folders only a part is read, the time of which is multiplied.
Memory is the peak while reading, less what the imports take.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = 5  # the share of the images that the folders have
READ = """
import sys, time
from mmspg.datasets import ImageNetLoc, PhotoFolders, WSOLMetadata
way, folder = sys.argv[1:]
if way == 'line by line':
    WSOLMetadata.load_columns = lambda self: None
builds = {
    'by name': lambda: ImageNetLoc(folder, 'train', pipeline=[]),
    'by content': lambda: PhotoFolders(
        folder + '/Data/CLS-LOC/train', 'train', pipeline=[]
    ),
}
def memory(key):
    lines = open('/proc/self/status').read().splitlines()
    return next(int(l.split()[1]) for l in lines if l.startswith(key)) / 1024
before = memory('VmRSS')
open('/proc/self/clear_refs', 'w').write('5')  # forget the peak
begin = time.process_time()
data = builds.get(
    way, lambda: WSOLMetadata('/images', folder, 'train', pipeline=[])
)()
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
    add('--many', type=int, default=10_000_000, help='(%(default)s)')
    args = parser.parse_args()
    if args.images < 1000 * max(args.part, 20 * FOLDERS):
        parser.error('--images must be at least 1000 times --part, and 100000')
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


def write_folders(folder, number):
    """Write folders of classes, in which all images are links to one."""
    from PIL import Image

    images, names = folder / 'Data/CLS-LOC/train', []
    for label in range(1000):
        name = f'n{label:08d}'
        names.append(f'{name} the class {label}\n')
        (images / name).mkdir(parents=True)
        first = images / name / f'{name}_0.JPEG'
        Image.new('RGB', (8, 8)).save(first)
        for i in range(1, number // 1000):
            (images / name / f'{name}_{i}.JPEG').hardlink_to(first)
    (folder / 'LOC_synset_mapping.txt').write_text(''.join(names))


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


def show(what, way, part, seconds, memory, number):
    print(
        f'| {number * part} | {what} | {way} | {seconds * part:.1f} '
        f'| {1e6 * seconds / number:.1f} | {memory * part:.0f} |',
        flush=True,
    )


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
                _, *figures = read(way, folder)
            show(what, way, part, *figures, number)
    with tempfile.TemporaryDirectory() as folder:
        number = args.images // 1000 // FOLDERS * 1000
        write_folders(Path(folder), number)
        for way in ('by name', 'by content'):
            _, *figures = read(way, folder)
            show('folders of classes', way, FOLDERS, *figures, number)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder, 'train'), args.many, False)
        _, *figures = read('columns', folder)
        show('without boxes', 'columns', 1, *figures, args.many)


if __name__ == '__main__':
    main()
