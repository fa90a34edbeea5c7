"""Choose the settings of a training by the photographs and the machine."""

import os
from typing import NamedTuple

import torch
from mmengine.config import Config

from mmspg.utils.cfg import walk_dicts

from .reading import read_photos

__all__ = ['PhotoSettings', 'fit_to_photographs', 'photo_settings']

# What docs/evidence.md measured: eight epochs of 1,000 photographs, which
# take about a quarter of an hour on one core.
LOOKS = 8000
BASE_BATCH, BASE_LR = 16, 1e-4


class PhotoSettings(NamedTuple):
    """The settings that `photo_settings` chooses, by their config names."""

    batch_size: int
    max_epochs: int
    lr: float
    num_workers: int
    val_interval: int


def photo_settings(
    images: int, cores: int, accelerator: bool = False
) -> PhotoSettings:
    """Choose batch size, epochs, lr and workers.

    Args:
        images (int): Number of photographs to train on.
        cores (int): Number of cores of the processor.
        accelerator (bool): Whether there is a GPU. Defaults to False.

    Returns:
        PhotoSettings: 3 to 12 epochs, so that the network sees about 8,000
        photographs. Batches of 16 (32 on a GPU), or smaller ones if an epoch
        would have fewer than ten. The lr is proportional to the batch size.

    Example:
        >>> photo_settings(images=1200, cores=4)
        PhotoSettings(batch_size=16, max_epochs=7, lr=0.0001, num_workers=2, \
val_interval=3)
    """
    most = 32 if accelerator else 16
    batch = max(2, min(most, images // 10))
    epochs = max(3, min(12, round(LOOKS / max(images, 1))))
    workers = min(8 if accelerator else 2, cores - 1)
    return PhotoSettings(
        batch, epochs, BASE_LR * batch / BASE_BATCH, workers, -(-epochs // 3)
    )


def _settings_of(cfg: Config) -> tuple:
    """Give what a config sets, in the order of `PhotoSettings`."""
    loader, train = cfg.train_dataloader, cfg.train_cfg
    return (
        loader.get('batch_size'),
        train.get('max_epochs'),
        cfg.optim_wrapper.optimizer.get('lr'),
        loader.get('num_workers'),
        train.get('val_interval'),
    )


def fit_to_photographs(cfg: Config) -> list[str]:
    """Fit a config to the photographs in its folders.

    This sets the number of classes and the `photo_settings`. If no
    photograph has a box, class accuracy is validated instead of localization.

    Args:
        cfg (Config): Changed in place if its data set is `PhotoFolders`.

    Returns:
        list[str]: Sentences for a person; none for other data sets.

    Raises:
        FileNotFoundError, ValueError: See `read_photos`.
    """
    loaders = {
        part: cfg.get(f'{part}_dataloader')
        for part in ('train', 'val', 'test')
    }
    dataset = (loaders['train'] or {}).get('dataset', {})
    if dataset.get('type') != 'mmspg.PhotoFolders':
        return []
    photos = read_photos(dataset['data_root'], dataset.get('boxes'))
    settings = photo_settings(
        photos.number('train'),
        len(os.sched_getaffinity(0))
        if hasattr(os, 'sched_getaffinity')
        else os.cpu_count() or 1,
        torch.cuda.is_available(),
    )
    chosen = [
        f'{name} {now:g}' if was == now else f'{name} {was} -> {now:g}'
        for (name, now), was in zip(
            settings._asdict().items(), _settings_of(cfg), strict=True
        )
    ]
    cfg.model.head.num_classes = len(photos.classes)
    cfg.optim_wrapper.optimizer.lr = settings.lr
    cfg.train_cfg.max_epochs = settings.max_epochs
    for scheduler in walk_dicts(cfg.get('param_scheduler') or []):
        scheduler.pop('T_max', None)  # a cosine ends with the training
    if 'auto_scale_lr' in cfg:  # the lr is already that of this batch
        cfg.auto_scale_lr.base_batch_size = settings.batch_size
    cfg.train_cfg.val_interval = settings.val_interval
    for loader in filter(None, loaders.values()):
        loader.batch_size = settings.batch_size
        loader.num_workers = settings.num_workers
    told = [
        *photos.notes,
        'These settings were chosen for this number of photographs and this '
        f'machine, in place of those of the config: {", ".join(chosen)}. '
        '--cfg-options changes them.',
    ]
    for part in ('val', 'test'):
        if loaders[part] and not photos.has_boxes(part):
            loaders[part].dataset.test_mode = False
            cfg[f'{part}_evaluator'] = dict(type='Accuracy', topk=(1,))
    if not photos.has_boxes('val'):
        told.append(
            'No photograph of the validation has a box, so only the classes '
            'are validated. The quality of the boxes cannot be measured, and '
            'map and threshold keep their defaults. To measure it, draw '
            'boxes in about fifty photographs and save them as COCO, VOC or '
            'YOLO files in the folder: docs/own_photographs.md'
        )
    return told
