"""Refuse weights of another network, which MMEngine would only log."""

from torch import nn


def take_only_own_weights(backbone: nn.Module) -> None:
    """Let a backbone refuse a checkpoint of another network.

    MMEngine logs tensors that are missing or unexpected, and goes on with
    random weights. Call this last in a constructor, after other hooks have
    been registered that rename tensors. A whole classifier's checkpoint is
    unwrapped, as its tensors begin with 'backbone.'.

    Args:
        backbone (nn.Module): It raises a ValueError when it loads a
            checkpoint that has less than half of its tensors.
    """
    backbone._register_load_state_dict_pre_hook(_check, with_module=True)


def _check(backbone, state_dict: dict, prefix: str, *args) -> None:
    own = {prefix + k: v.shape for k, v in backbone.state_dict().items()}
    wrapped = [k for k in state_dict if k.startswith('backbone.')]
    if not prefix and wrapped and own.keys().isdisjoint(state_dict):
        for name in wrapped:
            state_dict[name.removeprefix('backbone.')] = state_dict.pop(name)
    found = sum(
        name in state_dict and state_dict[name].shape == shape
        for name, shape in own.items()
    )
    if 2 * found < len(own):
        raise ValueError(
            f'The checkpoint holds {found} of the {len(own)} tensors of '
            f'{type(backbone).__name__}: it is of another network. Its first '
            f'names are {list(state_dict)[:3]}, those wanted {list(own)[:3]}. '
            'Convert a released checkpoint with '
            'tools/model_converters/convert_checkpoint.py.'
        )
