r"""Time the start of commands, each in fresh processes.

    python tools/benchmarks/benchmark_startup.py
    python tools/benchmarks/benchmark_startup.py --config CONFIG \
        --cfg-options data_root=DIR

The last rows are trainings up to their first iteration, which are then ended:
one of --config, and one of the tiny config on a list as long as ImageNet's.
The tools that run no network do their work on a handful of small files.
CPU seconds do not count what other programs take of the machine.
"""

import json
import os
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

from mmspg.utils import command_line as cli

ROOT = Path(__file__).resolve().parents[2]
TINY = ROOT / 'configs/spg_tiny_synthetic.py'

BOXES = """
import numpy as np
from mmspg.evaluation.functional import boxes_at_thresholds
boxes_at_thresholds(np.eye(9, dtype='float32'), [.2, .5], 'largest_contour')
"""
NETWORK = """
import sys, torch, mmpretrain.models, mmspg.models
from mmspg.registry import MODELS
from mmspg.utils.cfg import load_config
model = load_config(sys.argv[1]).model
model.backbone.pop('init_cfg', None)
MODELS.build(model)
"""
HELP = """
import subprocess, sys
for tool in sys.argv[1:]:
    command = [sys.executable, tool, '-h']
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
"""
# The tools that run no network, in a folder that `write_inputs` has filled.
WITHOUT_NETWORK = """
analysis_tools/print_config.py CONFIG
analysis_tools/paper_tables.py .
analysis_tools/eval_score_maps.py --scoremap_root maps --metadata_root . \
    --dataset_name SET --split val
dataset_converters/folders_to_metadata.py photos OUT
dataset_converters/coco_to_metadata.py coco.json OUT --split val
dataset_converters/voc_to_metadata.py VOC OUT --split val
dataset_converters/resize_images.py photos OUT
dataset_converters/pack_lmdb.py photos --out OUT
misc/check_dataset.py CONFIG --no-images
model_converters/publish.py weights.pth OUT
model_converters/merge_checkpoints.py weights.pth weights.pth --out OUT
model_converters/convert_checkpoint.py weights.pth OUT --source torchvision \
    --keep-missing
"""


def parse_args():
    parser = cli.tool_parser(__doc__)
    cli.add_shared(parser, '--cfg-options')
    add = parser.add_argument
    add('--repeats', type=int, default=5, help='processes (%(default)s)')
    add('--config', default=str(TINY), help='what to train (%(default)s)')
    add('--only', default='', help='rows with this in their name')
    args = cli.read_arguments(parser)
    if args.repeats < 1:
        parser.error('--repeats must be at least 1')
    return args


def write_inputs(folder: Path):
    """Write what the tools of ``WITHOUT_NETWORK`` read."""
    import numpy as np
    import torch
    from PIL import Image

    names = [f'{kind}/{i}.jpg' for kind in ('cat', 'dog') for i in range(3)]
    coco = dict(categories=[dict(id=1, name='cat')], images=[], annotations=[])
    lists = {'image_ids': '', 'localization': ',1,1,9,9'}
    lists.update(image_sizes=',20,20', class_labels=',0')
    for number, name in enumerate(names):
        photo, xml = folder / 'photos' / name, f'VOC/Annotations/{number}.xml'
        for path in (photo, folder / 'maps' / name, folder / xml):
            path.parent.mkdir(parents=True, exist_ok=True)
        Image.new('RGB', (20, 20)).save(photo)
        np.save(folder / f'maps/{name}.npy', np.eye(224, dtype='float32'))
        coco['images'].append(
            dict(id=number, file_name=name, width=20, height=20)
        )
        box = dict(id=number, image_id=number, category_id=1)
        coco['annotations'].append(dict(box, bbox=[1, 1, 9, 9]))
        (folder / xml).write_text(
            f'<annotation><filename>{number}.jpg</filename><size><width>20'
            '</width><height>20</height></size><object><name>cat</name>'
            '<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax>'
            '</bndbox></object></annotation>'
        )
    (folder / 'coco.json').write_text(json.dumps(coco))
    (folder / 'SET/val').mkdir(parents=True)
    for name, rest in lists.items():
        lines = ''.join(f'{image}{rest}\n' for image in names)
        (folder / f'SET/val/{name}.txt').write_text(lines)
    first = {'Conv2d_1a_3x3.conv.weight': torch.zeros(32, 3, 3, 3)}
    torch.save(dict(state_dict=first), folder / 'weights.pth')


MANY = """
_base_ = {tiny!r}
train_dataloader = dict(
    sampler=dict(shuffle=False),
    dataset=dict(
        _delete_=True,
        type='mmspg.WSOLMetadata',
        data_root='few',
        metadata_root='many',
        pipeline={{{{_base_.train_pipeline}}}},
    ),
)
"""


def write_many(folder: Path, number=1_281_167):
    """Write a config, its list of images, and the first of these."""
    from PIL import Image

    (folder / 'few').mkdir()
    for i in range(32):  # no more are read
        Image.new('RGB', (64, 64)).save(folder / f'few/{i:07d}.jpg')
    (folder / 'many/train').mkdir(parents=True)
    names = [f'{i:07d}.jpg' for i in range(number)]
    rows = [f'{name},{i % 4}' for i, name in enumerate(names)]
    for file, lines in dict(image_ids=names, class_labels=rows).items():
        text = '\n'.join(lines) + '\n'
        (folder / f'many/train/{file}.txt').write_text(text)
    (folder / 'many.py').write_text(MANY.format(tiny=str(TINY)))


def commands(args):
    """What is timed: ``{name: (arguments of python, text to wait for)}``.

    ``OUT`` among the arguments is a new path in each process.
    """
    train = [str(ROOT / 'tools/train.py')]
    rest = ['--work-dir', 'OUT', '--no-validate']
    tools = [
        str(path)
        for path in ROOT.glob('tools/**/*.py')
        if path.parent.name != 'benchmarks'
        and 'tool_parser(' in path.read_text()
    ]
    works = {}
    for line in WITHOUT_NETWORK.replace('\\\n', '').strip().splitlines():
        tool, *words = shlex.split(line.replace('CONFIG', args.config))
        works[tool] = ([str(ROOT / 'tools' / tool), *words], None)
    rest += ['--cfg-options', 'default_hooks.logger.interval=1']
    rows = {
        'python alone': (['-c', ''], None),
        'import torch': (['-c', 'import torch'], None),
        'import mmspg': (['-c', 'import mmspg'], None),
        'import mmpretrain.datasets': (
            ['-c', 'import mmpretrain.datasets'],
            None,
        ),
        'import mmpretrain.models': (['-c', 'import mmpretrain.models'], None),
        'import mmspg.models': (['-c', 'import mmspg.models'], None),
        f'the -h of {len(tools)} tools': (['-c', HELP, *tools], None),
        **works,
        'the boxes of one map': (['-c', BOXES], None),
        'torch, mmpretrain and the network': (
            ['-c', NETWORK, args.config],
            None,
        ),
        'tools/train.py to its first iteration': (
            [*train, args.config, *rest, *args.cfg_options],
            'step 1 of',
        ),
        'tools/train.py on 1.28 million images': (
            [*train, 'many.py', *rest],
            'step 1 of',
        ),
    }
    return {name: row for name, row in rows.items() if args.only in name}


NUMBERS = count()


def timed(arguments, wait_for, folder=None):
    """Run one process in a folder; seconds by the clock and of CPU.

    Raises:
        SystemExit: It failed; shows what it said.
    """
    out = f'out{next(NUMBERS)}'
    arguments = [out if word == 'OUT' else word for word in arguments]
    paths = [str(ROOT), os.environ.get('PYTHONPATH', '')]
    env = dict(
        os.environ,
        PYTHONPATH=os.pathsep.join(filter(None, paths)),
        PYTHONUNBUFFERED='1',
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments],
        env=env,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        said = []
        for line in process.stdout:
            said.append(line)
            if wait_for and wait_for in line:
                break
        seconds = time.perf_counter() - begin
        reached = wait_for and said and wait_for in said[-1]
        if reached:
            process.kill()
    if not reached and (process.returncode or wait_for):
        sys.exit(f'{" ".join(arguments)} failed:\n{"".join(said[-20:])}')
    if not reached:
        seconds = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu


def main():
    args = parse_args()
    print(
        f'median of {args.repeats} fresh processes, after one to warm the '
        'disk cache'
    )
    print(f'{"":40s}{"s":>8s}{"CPU s":>8s}')
    args.config = os.path.abspath(args.config)
    with tempfile.TemporaryDirectory() as folder:
        write_inputs(Path(folder))
        write_many(Path(folder))
        for name, command in commands(args).items():
            timed(*command, folder)
            times = [timed(*command, folder) for _ in range(args.repeats)]
            seconds, cpu = map(statistics.median, zip(*times, strict=True))
            print(f'{name:40s}{seconds:8.2f}{cpu:8.2f}', flush=True)


if __name__ == '__main__':
    main()
