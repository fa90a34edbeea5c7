"""Remember which photographs a network was trained on.

The parts of a folder can change after a training, as boxes are added or
other files are named. A figure on photographs that were trained on is too
good, so a checkpoint carries a code for each of them, made of its name.
"""

from collections.abc import Iterable

from .reading import digest

__all__ = [
    'TRAINED_ON',
    'also_trained_on',
    'codes_of',
    'parts_of',
    'trained_on',
]

TRAINED_ON = 'trained_on'  # in a checkpoint's meta
WIDTH = 16  # characters of a code


def _code(name: str) -> str:
    return digest(name).hex()[:WIDTH]


def trained_on(names: Iterable[str]) -> str:
    """Join the codes of names; a text costs nothing to copy or compare."""
    return ''.join(sorted(map(_code, names)))


def parts_of(dataset) -> list:
    """List the data sets that wrappers (repeat, concatenate) hold."""
    inner = getattr(dataset, 'datasets', None)
    if inner is None and hasattr(dataset, 'dataset'):
        inner = [dataset.dataset]
    if inner is None:
        return [dataset]
    return [part for one in inner for part in parts_of(one)]


def codes_of(dataset) -> str:
    """Give the codes of all photographs of a data set to train on."""
    return ''.join(
        getattr(part, 'trained_on', '') for part in parts_of(dataset)
    )


def also_trained_on(dataset, codes: str) -> list[str]:
    """List the images of a data set that a network was trained on.

    Args:
        dataset (BaseDataset): Images, which may have an ``img_id``.
        codes (str): From `trained_on`, or '' if the training did not say.

    Returns:
        list[str]: Their names.
    """
    if not codes:
        return []
    known = {codes[i : i + WIDTH] for i in range(0, len(codes), WIDTH)}
    infos = map(dataset.get_data_info, range(len(dataset)))
    names = [info['img_id'] for info in infos if 'img_id' in info]
    return [name for name in names if _code(str(name)) in known]
