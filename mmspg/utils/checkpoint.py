"""Read checkpoints safely, and check that they fill a model."""

import os.path as osp
import re
import zipfile
from pickle import UnpicklingError
from urllib.error import URLError

import torch
from torch import nn

from .unpickling import UNSAFE, only_weights, pickle_is_allowed
from .upstream.checkpoints import allow_checkpoints

__all__ = [
    'check_checkpoint',
    'clean_name',
    'read_checkpoint',
    'state_dict_of',
]

# What MMEngine's entries of a checkpoint are.
KINDS = dict(
    state_dict=dict,
    ema_state_dict=dict,
    meta=dict,
    message_hub=dict,
    optimizer=dict,
)
# These prefixes come from DataParallel and DistributedDataParallel, from
# torch.compile, and from copies that average the weights (EMA).
WRAPPERS = re.compile(
    r'^((module|model_ema|ema_model|ema|averaged_model|_orig_mod)\.)+'
)


def read_checkpoint(path: str) -> dict:
    """Read a checkpoint onto the CPU, without running code that is in it.

    Args:
        path (str): A file, or an address that MMEngine reads.

    Returns:
        dict: Its content: tensors by name, directly or under 'state_dict'.

    Raises:
        FileNotFoundError: It is a path, and there is no such file.
        ValueError: It is broken, or it holds more than tensors and plain
            values and ``--allow-pickle`` was not given.
    """
    if '://' not in path and not osp.isfile(path):
        raise FileNotFoundError(f"there is no checkpoint '{path}'.")
    try:
        _check_packing(path)
        found = _read(path)
        _check_tensors(found)
    except _Refused as error:
        raise ValueError(f"'{path}' is refused: {error}") from None
    except UnpicklingError as error:
        raise ValueError(
            f"'{path}' is refused. Either it is broken, or it holds more than "
            'tensors and plain values, and reading these could run any code '
            f'({_gist(error)}). If you trust whoever made it, add '
            f'--allow-pickle, or in a program set {UNSAFE}=1.'
        ) from error
    except URLError as error:
        raise ValueError(
            f"'{path}' cannot be fetched ({error.reason}). Weights in a file "
            'need no network: --pretrained FILE'
        ) from error
    except ImportError:  # it says what to install
        raise
    except Exception as error:  # torch can raise any error on a broken file
        raise ValueError(
            f"'{path}' cannot be read ({type(error).__name__}: "
            f'{_gist(error)}): it is broken, cut short, or no checkpoint. '
            'Fetch it again. To go on with a training, name an earlier '
            'checkpoint: --resume FILE.'
        ) from error
    if not isinstance(found, dict):
        raise ValueError(
            f"'{path}' is no checkpoint: expected a dict of tensors, or one "
            f"under the key 'state_dict', got {type(found).__name__}."
        )
    for key, kind in KINDS.items():
        if key in found and not isinstance(found[key], kind):
            raise ValueError(
                f"'{path}' is no checkpoint: {key!r} must be of type "
                f'{kind.__name__}, got {type(found[key]).__name__}.'
            )
    return found


class _Refused(Exception):
    """A checkpoint takes more memory than its file has bytes."""


def _check_packing(path: str) -> None:
    """Refuse an archive that is compressed: PyTorch writes none."""
    if '://' in path or not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > osp.getsize(path):
        raise _Refused(f'it is compressed, and would take {size} bytes')


def _check_tensors(found) -> None:
    """Refuse tensors that claim more numbers than they store."""
    nodes, seen = [('', found)], set()
    while nodes:
        name, node = nodes.pop()
        if isinstance(node, torch.Tensor):
            strided = node.layout == torch.strided and not node.is_meta
            size = node.numel() * node.element_size()
            if not strided or size > node.untyped_storage().nbytes():
                raise _Refused(
                    f'the tensor {name[1:]!r} of shape {tuple(node.shape)} '
                    'repeats numbers that are stored once, or is sparse. '
                    'Save tensor.contiguous()'
                )
        elif isinstance(node, (dict, list, tuple)) and id(node) not in seen:
            seen.add(id(node))
            items = node.items() if isinstance(node, dict) else enumerate(node)
            nodes += [(f'{name}.{key}', value) for key, value in items]


def _read(path: str):
    allow_checkpoints()
    if '://' in path:
        # Here, since the runner takes a second to import.
        from mmengine.runner.checkpoint import _load_checkpoint

        with only_weights():
            return _load_checkpoint(path, map_location='cpu', logger='silent')
    # OneDL's loader would first say that it falls back to full unpickling.
    return torch.load(
        path, map_location='cpu', weights_only=not pickle_is_allowed()
    )


def _gist(error: Exception) -> str:
    """Give the line of torch's long message that says what is wrong."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if 'WeightsUnpickler error' in line]
    return (telling or lines or [type(error).__name__])[0][:300]


def clean_name(name: str) -> str:
    """Give a tensor's name in the bare model.

    Examples:
        >>> clean_name('module._orig_mod.head.fc.weight')
        'head.fc.weight'
        >>> clean_name('backbone._orig_mod.conv1.weight')
        'backbone.conv1.weight'
    """
    return WRAPPERS.sub('', name).replace('._orig_mod.', '.')


def state_dict_of(content: dict) -> dict:
    """Give the tensors of a checkpoint by their names in the bare model.

    Args:
        content (dict): What `read_checkpoint` gave: tensors by name, directly
            or under 'state_dict', which may be nested.

    Returns:
        dict: The tensors by name, without the values that are no tensors.
    """
    while isinstance(content.get('state_dict'), dict):
        content = content['state_dict']
    return {
        clean_name(str(name)): value
        for name, value in content.items()
        if isinstance(value, torch.Tensor)
    }


def check_checkpoint(
    model: nn.Module, path: str, content: dict | None = None
) -> None:
    """Refuse a checkpoint that would leave a part of the model random.

    Args:
        model (nn.Module): The model to be tested.
        path (str): The checkpoint.
        content (dict, optional): Its content, if it has been read.

    Raises:
        FileNotFoundError: It is a path, and there is no such file.
        ValueError: It cannot be read, or tensors are missing or have another
            shape.
    """
    found = state_dict_of(content or read_checkpoint(path))
    wanted = model.state_dict()
    shared = {clean_name(name): name for name in wanted}
    missing = [
        name
        for name in shared
        if name not in found and not name.endswith('num_batches_tracked')
    ]
    if missing:
        raise ValueError(
            f"'{path}' is no checkpoint of this config's model. It lacks "
            f'{len(missing)} of {len(shared)} tensors, for example '
            f'{missing[:3]}; its first tensors are {list(found)[:3]}. Take '
            'the config that it was trained with. Convert a checkpoint of '
            'another program with tools/model_converters/'
            'convert_checkpoint.py.'
        )
    wrong = [
        f'{name}: {tuple(found[name].shape)}, the model has '
        f'{tuple(wanted[shared[name]].shape)}'
        for name in shared
        if name in found and found[name].shape != wanted[shared[name]].shape
    ]
    if wrong:
        raise ValueError(
            f"'{path}' has tensors of other shapes, {wrong[:3]}. If it has "
            'other classes, set the number of them: --cfg-options '
            'model.head.num_classes=NUMBER'
        )
