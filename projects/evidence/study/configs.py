"""The config of one run."""

from copy import deepcopy
from pathlib import Path

from mmspg.utils.cfg import load_config, set_input_size, set_pretrained

ROOT = Path(__file__).resolve().parents[3]


def run_config(config, changes, side=None, seed=0, pretrained=None, data=None):
    """A config with the data, the size and the settings of a run.

    Args:
        config (str): Path of the config, below the checkout or as seen from
            the current folder.
        changes (Sequence[dict]): Changes by dotted keys, as ``--cfg-options``
            of the tools takes them; each goes over those before it.
        side (int, optional): Of the input in pixels; the config's if None.
        seed (int): Of the run.
        pretrained (str, optional): Weights of the trunk; the config's if
            None.
        data (tuple[Path, Path], optional): Root of the images and of the
            parts 'fit', 'val' and 'test' that `write_parts` writes. Without
            them the data sets are the config's.

    Returns:
        Config: For tools/train.py. ``measured`` has the data sets of the
        parts 'val' and 'test'.
    """
    path = Path(config)
    cfg = load_config(str(path if path.is_file() else ROOT / path))
    if pretrained:
        set_pretrained(cfg, str(pretrained))
    if side:
        set_input_size(cfg, side)
        for transform in cfg.train_dataloader.dataset.pipeline:
            if transform['type'] == 'mmspg.HideAndSeek':  # 32 pixels at 224
                transform['sizes'] = round(transform['sizes'] * side / 224)
    if data:
        read_parts(cfg, *data)
    cfg.merge_from_dict({'randomness.seed': seed})
    for options in changes:
        if 'neck' not in cfg.model:  # ACoL has no dropout to change
            options = {
                key: value
                for key, value in options.items()
                if not key.startswith('model.neck.')
            }
        cfg.merge_from_dict(deepcopy(options))  # MMEngine takes _delete_ out
    if data:
        names = (data[1] / 'class_names.txt').read_text().splitlines()
        for part in (cfg.model.head, cfg.model.get('neck') or {}):
            if 'num_classes' in part:
                part.num_classes = len(names)
    cfg.measured = dict(
        val=cfg.val_dataloader.dataset, test=cfg.test_dataloader.dataset
    )
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    return cfg


def read_parts(cfg, images, metadata):
    """Point the data sets of a config at the three parts."""
    for part, loader in (('fit', 'train'), ('val', 'val'), ('test', 'test')):
        loader = cfg[f'{loader}_dataloader']
        loader.dataset = dict(
            type='mmspg.WSOLMetadata',
            data_root=str(images),
            metadata_root=str(metadata),
            split=part,
            test_mode=part != 'fit',
            pipeline=loader.dataset.pipeline,
        )
