"""`mmspg::` configs in somebody else's folder, from both kinds of install."""

import json
import re
import zipfile

import pytest
from PIL import Image
from test_packaging import build, run, tree  # noqa: F401  (a fixture)

from mmspg.datasets import SyntheticLoc

# Run with -S, so that no mmspg of the environment itself is in the way.
INSTALLED = """
import site, sys
site.addsitedir(sys.argv[1])
sys.path += sys.argv[2].split(':')
import setuptools  # has distutils, which MMEngine imports, from Python 3.12 on
"""
INHERIT = """
import mmspg
from mmengine.config import Config
for path in sys.argv[3:]:
    print(Config.fromfile(path).model.head.type)
"""
TOOL = """
import runpy
sys.argv = sys.argv[3:]
runpy.run_path(sys.argv[0], run_name='__main__')
"""


@pytest.fixture(params=['wheel', 'editable'])
def installed(request, tree, tmp_path):  # noqa: F811
    """Install; gives a runner of programs in a foreign folder."""
    import sys

    wheel = build(request.param, tree, tmp_path / 'wheels')
    site, foreign = tmp_path / 'site', tmp_path / 'foreign'
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    foreign.mkdir()
    packages = ':'.join(path for path in sys.path if 'site-packages' in path)

    def start(program, *arguments):
        code = INSTALLED + program
        return run(['-S', '-c', code, site, packages, *arguments], foreign)

    start.foreign = foreign
    package = tree if request.param == 'editable' else site
    start.mim = package / 'mmspg/.mim'
    return start


@pytest.mark.quick
def test_every_folder_of_configs_is_inherited_from(installed):
    """Whole recipes of each folder, and parts put together."""
    folders = installed.mim / 'configs'
    bases = {
        f'mmspg::{path.relative_to(folders).as_posix()}'
        for path in folders.rglob('*.py')
        if path.parent != folders and '_base_' not in path.parts
    }
    assert {base.split('/')[0] for base in bases} >= {
        'mmspg::presets',
        'mmspg::ablations',
        'mmspg::baselines',
    }
    some = [
        'mmspg::presets/spg_inceptionv3_imagenet_authors.py',
        'mmspg::ablations/spg_inceptionv3_cub_unshared.py',
        'mmspg::baselines/acol_vgg16_cub.py',
    ]
    assert bases.issuperset(some)
    files = []
    for i, base in enumerate([*some, 'mmspg::_base_/models/spg_tiny.py']):
        files.append(f'mine_{i}.py')
        (installed.foreign / files[-1]).write_text(
            f'_base_ = [{base!r}]\nmodel = dict(head=dict(num_classes=3))\n'
        )
    printed = installed(INHERIT, *files).split()
    assert printed == [
        'mmspg.SPGHead',
        'mmspg.SPGHead',
        'mmspg.ACoLHead',
        'mmspg.SPGHead',
    ]


def draw_photographs(folder):
    """Draw 'cats' and 'dogs' with COCO boxes of a third of them."""
    fish = SyntheticLoc(num_images=24, num_classes=2)
    names = ('cat', 'dog')
    images, annotations = [], []
    for i in range(24):
        item = fish.get_data_info(i)
        name = f'{names[item["gt_label"]]}/{i}.png'
        path = folder / 'photos' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(fish.get_image(i)[..., ::-1]).save(path)
        if i < 8:
            x0, y0, x1, y1 = map(float, item['ori_gt_bboxes'][0])
            images.append(dict(id=i, file_name=name, width=64, height=64))
            annotations.append(
                dict(
                    id=i,
                    image_id=i,
                    category_id=item['gt_label'],
                    bbox=[x0, y0, x1 - x0, y1 - y0],
                )
            )
    categories = [dict(id=i, name=name) for i, name in enumerate(names)]
    (folder / 'annotations.json').write_text(
        json.dumps(
            dict(images=images, annotations=annotations, categories=categories)
        )
    )


@pytest.mark.slow
def test_example_runs_as_it_is_written(installed, root):
    """The commands of the page, one epoch of a small input."""
    draw_photographs(installed.foreign)
    page = (root / 'docs/own_photographs.md').read_text(encoding='utf-8')
    (config,) = re.findall(r'^```python\n(.*?)^```$', page, re.M | re.S)
    (installed.foreign / 'my_photographs.py').write_text(config)
    lines = re.findall(r'^python \$TOOLS/(\S+) (.*)$', page, re.M)
    assert [tool for tool, _ in lines] == [
        'dataset_converters/folders_to_metadata.py',
        'misc/check_dataset.py',
        'train.py',
        'test.py',
    ]
    few = ['--input-size', '64', '--cfg-options']
    more = {
        'train.py': [
            *few,
            'model.backbone.init_cfg=None',
            'train_cfg.max_epochs=1',
            'param_scheduler.milestones=[1]',
        ],
        'test.py': [*few, 'model.backbone.init_cfg=None'],
    }
    printed = ''
    for tool, arguments in lines:
        words = arguments.replace('epoch_10', 'epoch_1').split()
        printed = installed(
            # beside a script lie the modules that it imports
            f'sys.path.insert(0, {str(installed.mim / "tools" / tool)!r}'
            ".rpartition('/')[0])\n" + TOOL,
            installed.mim / 'tools' / tool,
            *words,
            *more.get(tool, []),
        )
        if 'check_dataset' in tool:
            assert printed.endswith('nothing is wrong\n')
    assert 'loc/gt_known_acc' in printed
    assert len(list((installed.foreign / 'pictures').rglob('*.*'))) == 8
