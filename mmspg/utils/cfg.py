"""Change a config as the command lines ask for it.

Each change reaches all places that it concerns. With ``--cfg-options`` a user
would have to name them one by one, and could not name nested data sets.
"""

import os.path as osp
from argparse import ArgumentParser
from collections.abc import Iterator

from mmengine.config import Config, ConfigDict, DictAction

from .pip_weights import PIP_WEIGHTS

DATALOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
PIPELINES = ('train_pipeline', 'test_pipeline', 'tta_pipeline')
SIZES = ('scale', 'crop_size')  # what the network may see
SCALED = (*SIZES, 'min_side')

__all__ = [
    'count_accumulation',
    'input_side',
    'load_config',
    'merge_options',
    'scale_input',
    'set_data_root',
    'set_dataloaders',
    'set_input_size',
    'set_pretrained',
    'set_tta',
    'show_pictures',
    'walk_dicts',
]


def walk_dicts(node) -> Iterator[dict]:
    """Walk through all dicts in a config, also those in lists."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, (list, tuple)):
        for child in node:
            yield from walk_dicts(child)


def load_config(path: str) -> Config:
    """Read a config file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It, or a file of its ``_base_``, is not valid Python.
    """
    if not osp.isfile(path):
        raise FileNotFoundError(
            f"there is no config file '{path}'. Give the path of a .py file, "
            'relative to the current folder. The configs of mmspg are in '
            'configs/, and `mim search mmspg` lists them.'
        )
    try:
        return Config.fromfile(path)
    except SyntaxError as error:
        # MMEngine parses texts, so the error does not know its file.
        line = (error.text or '').strip()
        raise ValueError(
            f"'{path}', or a file of its _base_, is not valid Python. Line "
            f'{error.lineno}: {error.msg}: {line}'
        ) from error


def set_data_root(cfg: Config, data_root: str) -> None:
    """Point every data set of the config at one folder, in place.

    Raises:
        ValueError: No data set of the config reads a folder.
    """
    nodes = [n for d in DATALOADERS for n in walk_dicts(cfg.get(d))]
    nodes = [node for node in nodes if 'data_root' in node]
    for node in nodes:
        node['data_root'] = data_root
    if not nodes:
        raise ValueError(
            f'--data-root {data_root} has no effect: no data set of this '
            'config reads a folder. Take another config; for photographs in '
            'folders it is '
            'configs/light/spg_efficientnet-lite0_folders.py.'
        )


def set_pretrained(cfg: Config, checkpoint: str) -> None:
    """Start the backbone from a file.

    Args:
        cfg (Config): Changed in place.
        checkpoint (str): A .pth file, an address that MMEngine reads, or
            one of `PIP_WEIGHTS`, such as 'lite0'.

    Raises:
        FileNotFoundError: It is a path, and there is no such file.
    """
    if checkpoint in PIP_WEIGHTS:
        checkpoint = f'pip://{checkpoint}'
    if '://' not in checkpoint and not osp.isfile(checkpoint):
        raise FileNotFoundError(
            f"--pretrained: there is no file '{checkpoint}'."
        )
    cfg.model.backbone.init_cfg = dict(
        type='Pretrained', checkpoint=checkpoint
    )


def _sizes(nodes) -> list[int]:
    """List all sides of resizes and crops, in pixels."""
    sizes = [n[key] for n in walk_dicts(nodes) for key in SIZES if key in n]
    return [min(s) if isinstance(s, tuple | list) else s for s in sizes]


def input_side(loader) -> int | None:
    """Give the side of what a dataloader gives the network, in pixels.

    It is the shorter side of the last resize or crop.

    Args:
        loader (dict | None): The dataloader in a config.

    Returns:
        int | None: None if no transform has a size.
    """
    sizes = _sizes(loader)
    return sizes[-1] if sizes else None


def set_input_size(cfg: Config, side: int) -> None:
    """Scale all resizes and crops so that the network sees another size.

    Args:
        cfg (Config): Changed in place.
        side (int): New side of the input of a test, in pixels. For 96, a
            resize to 256 before a crop to 224 becomes a resize to 110 before
            a crop to 96, and a training is scaled alike.

    Raises:
        ValueError: ``side`` is below 32, or the config has no size.
    """
    if side < 32:
        raise ValueError(f'--input-size must be at least 32, but is {side}.')
    nodes = [cfg.get(name) for name in (*DATALOADERS, *PIPELINES)]
    sizes = _sizes(nodes)
    if not sizes:
        raise ValueError(
            '--input-size: no transform of this config has a '
            f'{" or a ".join(SIZES)} to change.'
        )
    tested = cfg.get('test_dataloader') or cfg.get('val_dataloader')
    scale_input(cfg, side / (input_side(tested) or min(sizes)))


def scale_input(cfg: Config, ratio: float) -> None:
    """Scale all resizes and crops in place by one ratio, new over old."""
    nodes = [cfg.get(name) for name in (*DATALOADERS, *PIPELINES)]
    done = set()  # pipelines are shared between dataloaders
    for node in walk_dicts(nodes):
        for key in SCALED:
            if node.get(key) and id(node) not in done:
                old = node[key]
                node[key] = (
                    tuple(round(s * ratio) for s in old)
                    if isinstance(old, tuple | list)
                    else round(old * ratio)
                )
        done.add(id(node))


def count_accumulation(cfg: Config) -> None:
    """Let MMEngine's scaling of the lr count accumulated iterations.

    MMEngine multiplies the lr by processes x batch size / base batch size.
    An optimizer that makes a step after every n iterations sees a batch that
    is n times as large. So the base batch size is divided by n.

    Args:
        cfg (Config): Changed in place. A second call changes nothing.
    """
    scaling = cfg.get('auto_scale_lr') or {}
    count = (cfg.get('optim_wrapper') or {}).get('accumulative_counts', 1)
    if not scaling.get('enable') or count == 1:
        return
    if scaling.get('accumulative_counts', 1) != count:
        scaling['base_batch_size'] /= count
        scaling['accumulative_counts'] = count


def show_pictures(
    cfg: Config,
    show: bool,
    out_dir: str | None,
    wait_time: float,
    interval: int,
) -> None:
    """Switch on the pictures of a test, in place.

    Args:
        cfg (Config): With the hook that draws.
        show (bool): Show them in a window, for ``wait_time`` seconds.
        out_dir (str, optional): Write them there.
        wait_time (float): Seconds.
        interval (int): Draw every n-th image.

    Raises:
        ValueError: The config has no hook for them.
    """
    if 'visualization' not in cfg.get('default_hooks', {}):
        raise ValueError(
            '--show and --show-dir need the hook default_hooks.'
            'visualization, which this config lacks: set it to '
            "dict(type='mmspg.LocalizationVisualizationHook')."
        )
    cfg.default_hooks.visualization.update(
        enable=True,
        show=show,
        wait_time=wait_time,
        out_dir=out_dir,
        interval=interval,
    )


def set_dataloaders(
    cfg: Config, pin_memory: bool, persistent_workers: bool
) -> None:
    """Give the dataloaders the defaults of mmpretrain's tools, in place.

    Settings of the config stay. False switches a setting off. A loader
    without workers has no ``persistent_workers`` either.
    """
    for name in DATALOADERS:
        loader = cfg.get(name)
        if loader is None:
            continue
        loader.setdefault('collate_fn', dict(type='default_collate'))
        loader.setdefault('pin_memory', True)
        loader.setdefault('persistent_workers', True)
        if not pin_memory:
            loader.pin_memory = False
        if not persistent_workers or not loader.get('num_workers'):
            loader.persistent_workers = False


def _parse(options: list[str]) -> dict:
    """Read KEY=VALUE pairs as MMEngine's ``DictAction`` does."""
    parser = ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    found = {}
    for option in options:
        if option.find('=') < 1:
            raise ValueError(
                f"--cfg-options: '{option}' is not of the form KEY=VALUE."
            )
        try:
            parsed = parser.parse_args([f'--cfg-options={option}'])
        except (AssertionError, RecursionError) as error:
            raise ValueError(
                f"--cfg-options: the value of '{option[:200]}' cannot be "
                f'read: {error}. Brackets come in pairs; quote the whole for '
                "the shell: 'KEY=(1, 2)'."
            ) from None
        found.update(parsed.cfg_options)
    return found


def merge_options(cfg: Config, options: list[str]) -> None:
    """Override settings of a config by KEY=VALUE pairs.

    Args:
        cfg (Config): Changed in place.
        options (list[str]): What follows ``--cfg-options``.

    Raises:
        ValueError: An option cannot be read, or does not fit the config.
    """
    found = _parse(options)
    for key in found:
        first = key.split('.')[0]
        if first not in cfg:
            _check_not_deeper(cfg, first)
    try:
        cfg.merge_from_dict(found)
    except Exception as error:  # MMEngine can raise any error here
        raise ValueError(
            '--cfg-options: the config has no place for one of '
            f'{[key[:100] for key in found]} ({type(error).__name__}: '
            f'{str(error)[:300]}).'
        ) from error


def _check_not_deeper(cfg: Config, key: str) -> None:
    """Refuse a new setting that has the name of one in a part."""
    places = [
        part
        for part, value in cfg.items()
        if isinstance(value, dict) and key in value
    ]
    if places:
        raise ValueError(
            f'--cfg-options: the config has no {key!r} that something reads. '
            f'Give {" or ".join(f"{part}.{key}=…" for part in places)}'
        )


def set_tta(cfg: Config) -> None:
    """Wrap the model and the test pipeline for test-time augmentation.

    Args:
        cfg (Config): Changed in place.

    Raises:
        ValueError: The config has no ``tta_model`` or ``tta_pipeline``.
            MMPretrain would silently take a flip instead.
    """
    for name in ('tta_model', 'tta_pipeline'):
        if name not in cfg:
            raise ValueError(
                f'--tta: the config has no `{name}`. Add '
                "'_base_/tta/ten_crop_224.py' to its _base_, or drop --tta."
            )
    cfg.model = ConfigDict(**cfg.tta_model, module=cfg.model)
    cfg.test_dataloader.dataset.pipeline = cfg.tta_pipeline
