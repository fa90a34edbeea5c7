"""A folder in which the commands of the pages run: a checkout with data.

The data are drawn, and laid out as the data sets are distributed; networks
have random weights. What a page calls ``DATA`` are real photographs: those of
the folder that `shared` gives, if there is one.
"""

import glob
import json
import os
import shutil
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
from PIL import Image

from mmspg.datasets import SyntheticLoc

CLASSES = 20  # of the reference checkpoints
IMAGES = 40  # the first half trains
SIDE = 64
# What only `shared` has.
REAL = ('DATA', 'SRC.pth', '.safetensors')
CONFIG = """\
_base_ = ['{root}/configs/spg_tiny_synthetic.py']
photos = dict(
    _delete_=True,
    type='mmspg.WSOLMetadata',
    data_root='photos',
    metadata_root='metadata/CUB',
    pipeline={{{{_base_.test_pipeline}}}},
)
val_dataloader = dict(
    batch_size=2, dataset=dict(split='val', test_mode=True, **photos)
)
test_dataloader = dict(
    batch_size=2, dataset=dict(split='test', test_mode=True, **photos)
)
model = dict(head=dict(num_classes=2))
"""


def write(path: Path, lines) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(''.join(f'{line}\n' for line in lines))


class Drawings:
    """Square pictures of one object each, and its box."""

    def __init__(self):
        self.fish = SyntheticLoc(num_images=IMAGES, num_classes=2, side=SIDE)

    def save(self, i: int, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(self.fish.get_image(i)[..., ::-1]).save(path)

    def box(self, i: int) -> list[int]:
        """The box by inclusive corners."""
        x0, y0, x1, y1 = self.fish.get_data_info(i)['ori_gt_bboxes'][0]
        return [int(v) for v in (x0, y0, x1 - 1, y1 - 1)]


def lay_out_photos(stage: Path, drawings: Drawings, number: int = 24) -> None:
    """``photos/{cat,dog}`` with COCO boxes of a third of them."""
    images, annotations = [], []
    for i in range(number):
        name = f'{("cat", "dog")[i % 2]}/{i}.jpg'
        drawings.save(i, stage / 'photos' / name)
        if i < number // 3:
            x0, y0, x1, y1 = drawings.box(i)
            box = [x0, y0, x1 - x0 + 1, y1 - y0 + 1]
            images.append(dict(id=i, file_name=name, width=SIDE, height=SIDE))
            annotations.append(
                dict(id=i, image_id=i, category_id=i % 2, bbox=box)
            )
    categories = [dict(id=0, name='cat'), dict(id=1, name='dog')]
    (stage / 'annotations.json').write_text(
        json.dumps(
            dict(images=images, annotations=annotations, categories=categories)
        )
    )


def lay_out_metadata(stage: Path, drawings: Drawings) -> None:
    """``metadata`` and ``metadata/CUB`` of the benchmark, over ``photos``."""
    val, test = range(4), range(4, 8)
    for split, numbers in {
        'CUB/val': val,
        'CUB/test': test,
        'train': test,
        'val': val,
    }.items():
        folder = stage / 'metadata' / split
        names = {i: f'{("cat", "dog")[i % 2]}/{i}.jpg' for i in numbers}
        rows = names.items()
        write(folder / 'image_ids.txt', names.values())
        write(folder / 'class_labels.txt', (f'{n},{i % 2}' for i, n in rows))
        write(
            folder / 'image_sizes.txt',
            (f'{n},{SIDE},{SIDE}' for n in names.values()),
        )
        write(
            folder / 'localization.txt',
            (','.join([n, *map(str, drawings.box(i))]) for i, n in rows),
        )


def lay_out_cub(folder: Path, drawings: Drawings) -> None:
    """CUB-200-2011 of fewer classes."""
    names = [f'{i % CLASSES + 1:03d}.Bird/{i}.jpg' for i in range(IMAGES)]
    boxes = [drawings.box(i) for i in range(IMAGES)]
    for i, name in enumerate(names):
        drawings.save(i, folder / 'images' / name)
    columns = {
        'images': names,
        'image_class_labels': [i % CLASSES + 1 for i in range(IMAGES)],
        'train_test_split': [int(i < IMAGES // 2) for i in range(IMAGES)],
        'bounding_boxes': [
            f'{x0}.0 {y0}.0 {x1 - x0 + 1}.0 {y1 - y0 + 1}.0'
            for x0, y0, x1, y1 in boxes
        ],
    }
    for name, column in columns.items():
        rows = (f'{i} {value}' for i, value in enumerate(column, 1))
        write(folder / f'{name}.txt', rows)
    classes = (f'{k} {k:03d}.Bird' for k in range(1, CLASSES + 1))
    write(folder / 'classes.txt', classes)


def voc(name: str, box: list[int]) -> list[str]:
    """Give an annotation of one object."""
    corners = zip(('xmin', 'ymin', 'xmax', 'ymax'), box, strict=True)
    return [
        '<annotation>',
        f'<size><width>{SIDE}</width><height>{SIDE}</height></size>',
        f'<object><name>{name}</name><bndbox>',
        *(f'<{tag}>{value}</{tag}>' for tag, value in corners),
        '</bndbox></object></annotation>',
    ]


def lay_out_ilsvrc(folder: Path, drawings: Drawings) -> None:
    """CLS-LOC of fewer classes, an image of each in either split."""
    write(
        folder / 'LOC_synset_mapping.txt',
        (f'n{k:08d} thing {k}' for k in range(CLASSES)),
    )
    data = folder / 'Data/CLS-LOC'
    for k in range(CLASSES):
        wnid = f'n{k:08d}'
        drawings.save(k, data / f'train/{wnid}/{wnid}_1.JPEG')
        name = f'ILSVRC2012_val_{k + 1:08d}'
        drawings.save(CLASSES + k, data / f'val/{name}.JPEG')
        annotation = voc(wnid, drawings.box(CLASSES + k))
        write(folder / f'Annotations/CLS-LOC/val/{name}.xml', annotation)


def lay_out_voc(folder: Path, drawings: Drawings) -> None:
    """Two images as VOC 2012 has them."""
    for i, name in enumerate(('cat', 'dog')):
        drawings.save(i, folder / f'JPEGImages/{i}.jpg')
        annotation = voc(name, drawings.box(i))
        annotation.insert(1, f'<filename>{i}.jpg</filename>')
        write(folder / f'Annotations/{i}.xml', annotation)
    write(folder / 'ImageSets/Main/val.txt', ['0', '1'])


def lay_out(stage: Path, root: Path, shared: Path | None) -> None:
    """Everything that the pages name, but for checkpoints."""
    for name in ('configs', 'tools'):
        (stage / name).symlink_to(root / name)
    for name in ('docs', 'work_dirs'):  # to write to
        (stage / name).mkdir()
    drawings = Drawings()
    lay_out_photos(stage, drawings)
    lay_out_metadata(stage, drawings)
    lay_out_cub(stage / 'data/CUB_200_2011', drawings)
    lay_out_ilsvrc(stage / 'data/ILSVRC', drawings)
    lay_out_voc(stage / 'VOC2012', drawings)
    (stage / 'layouts').symlink_to('data')
    for name, i in (('one.jpg', 0), ('two.png', 1), ('bird.jpg', 2)):
        drawings.save(i, stage / name)
        drawings.save(i, stage / 'folder' / name)
    (stage / 'config.py').write_text(CONFIG.format(root=root.as_posix()))
    maps = np.random.default_rng(0).random((4, 28, 28), np.float32)
    with open(stage / 'MAPS', 'wb') as file:
        np.save(file, maps)
    if shared is not None:
        (stage / 'reference').symlink_to(shared / 'reference')
        (stage / 'DATA').symlink_to(shared / 'data')
        for path in (shared / 'data/weights').glob('*.safetensors'):
            (stage / path.name).symlink_to(path)


def published(reference: Path, source: str) -> dict:
    """Give the tensors of a reference network, as its program names them."""
    path = reference / 'weights.py'
    spec = spec_from_file_location('reference_weights', path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    name = dict(authors='authors', benchmark='wsolevaluation')[source]
    return module.load(path.with_name(f'{name}_spg.json'))


def random_checkpoint(config: str, path: Path, classes: int | None) -> None:
    """Write a network of random weights as a checkpoint."""
    import torch
    from mmengine.config import Config
    from mmpretrain import get_model

    cfg = Config.fromfile(config)
    if classes:
        cfg.model.head.num_classes = classes
    cfg.model.backbone.init_cfg = None
    torch.manual_seed(0)
    model = get_model(cfg)
    model.init_weights()
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = dict(cfg=cfg.pretty_text)
    if not classes:  # else the names would differ from those of the data
        names = [f'class {i}' for i in range(cfg.model.head.num_classes)]
        meta['dataset_meta'] = dict(classes=names)
    torch.save(dict(state_dict=model.state_dict(), meta=meta), path)


def supply(
    words: list[str], reference: Path, classes: int | None = CLASSES
) -> None:
    """Make, in the current folder, the weights that a command reads.

    A program, unlike a command, is not told other numbers of classes:
    ``classes`` is None, and its checkpoint is made for it.
    """
    import torch

    if 'SRC.pth' in words:
        source = words[words.index('--source') + 1]
        torch.save(dict(state_dict=published(reference, source)), 'SRC.pth')
    if '--pretrained' in words:
        path = Path(words[words.index('--pretrained') + 1])
        if not path.exists():
            from mmspg.models import TruncatedInceptionV3

            torch.save(TruncatedInceptionV3().state_dict(), path)
    for word in words:  # a brief training has ended after its first epoch
        for first in glob.glob(f'{os.path.dirname(word)}/epoch_1.pth'):
            last = Path(first).with_name(os.path.basename(word))
            if last.match('epoch_*.pth') and not last.exists():
                shutil.copy(first, last)
    for config, checkpoint in zip(words, words[1:], strict=False):
        path = Path(checkpoint)
        weights = path.suffix == '.pth' or path.name in ('CKPT', 'CHECKPOINT')
        there = path.exists() and classes is not None
        is_config = config.endswith('.py') and 'tools/' not in config
        if is_config and weights and not there:
            own = config == 'config.py'
            random_checkpoint(config, path, None if own else classes)
    if 'CHECKPOINT' in words and not Path('CHECKPOINT').exists():
        random_checkpoint('config.py', Path('CHECKPOINT'), None)
    work_dir = Path('WORK_DIR')
    if str(work_dir) in words and not work_dir.exists():
        random_checkpoint('config.py', work_dir / 'epoch_1.pth', None)
        (work_dir / 'last_checkpoint').write_text('epoch_1.pth')
        shutil.copy('config.py', work_dir)
