"""Refuse weights of another network, which MMEngine would only log."""

from collections.abc import Collection, Mapping

from torch import Tensor, nn


def take_only_own_weights(backbone: nn.Module) -> None:
    """Let a backbone refuse a checkpoint of another network.

    MMEngine logs tensors that are missing or unexpected, and goes on with
    random weights. Call this last in a constructor, after other hooks have
    been registered that rename tensors. A whole classifier's checkpoint is
    unwrapped, as its tensors begin with 'backbone.'.

    Args:
        backbone (nn.Module): It raises a ValueError when it loads a
            checkpoint that `check_own` refuses.
    """
    backbone._register_load_state_dict_pre_hook(_check, with_module=True)


def _check(backbone, state_dict: dict, prefix: str, *args) -> None:
    own = {prefix + k: v for k, v in backbone.state_dict().items()}
    wrapped = [k for k in state_dict if k.startswith('backbone.')]
    if not prefix and wrapped and own.keys().isdisjoint(state_dict):
        for name in wrapped:
            state_dict[name.removeprefix('backbone.')] = state_dict.pop(name)
    check_own(
        type(backbone).__name__,
        own,
        state_dict,
        'Convert a released checkpoint with '
        'tools/model_converters/convert_checkpoint.py.',
    )


def check_own(
    network: str,
    own: Mapping[str, Tensor],
    found: Mapping[str, Tensor],
    hint: str,
    whole: Collection[str] = (),
) -> None:
    """Refuse a checkpoint that is not of this network.

    Args:
        network (str): Name of the network, for the message.
        own (Mapping[str, Tensor]): Its tensors.
        found (Mapping[str, Tensor]): Those of the checkpoint.
        hint (str): What to do, for the message.
        whole (Collection[str]): The names of its tensors before the ends that
            are not needed were cut off. Empty: the checkpoint may hold more
            than the network.

    Raises:
        ValueError: A tensor has another shape, less than 9 of 10 are there,
            or less than 9 of 10 of the checkpoint's are used. Modules that
            the network does not have, such as a classifier, do not count.
    """

    def counted(names):  # old files do not count batches
        return [n for n in names if not n.endswith('num_batches_tracked')]

    wanted = counted(own)
    there = [name for name in wanted if name in found]
    wrong = [name for name in there if found[name].shape != own[name].shape]
    first = [name.split('.')[0] for name in whole]
    theirs = [n for n in counted(found) if n.split('.')[0] in first]
    unused = [name for name in theirs if name not in whole]
    right = len(there) - len(wrong)
    if wrong or 10 * right < 9 * len(wanted) or 10 * len(unused) > len(theirs):
        shapes = [
            f'{name} is {tuple(found[name].shape)} instead of '
            f'{tuple(own[name].shape)}'
            for name in wrong[:1]
        ]
        raise ValueError(
            f'The checkpoint holds {right} of the {len(wanted)} tensors of '
            f'{network} and {len(unused)} that it has no place for: it is of '
            f'another network. {"".join(f"{one}. " for one in shapes)}Its '
            f'first names are {list(found)[:3]}, those wanted '
            f'{list(own)[:3]}. {hint}'
        )
