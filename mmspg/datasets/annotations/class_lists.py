"""Check class names, and compare two lists of them."""

import unicodedata
from collections import Counter
from collections.abc import Sequence

# How folders of splits are named. A class of such a name is a layout misread.
SPLITS = {
    **dict.fromkeys(('train', 'training'), 'train'),
    **dict.fromkeys(('val', 'valid', 'validation', 'dev', 'eval'), 'val'),
    **dict.fromkeys(('test', 'testing'), 'test'),
}
# The class, and the folder, of images that show none of the objects.
NOTHING = '_nothing'
SHOWN = 5


def check_name(name, where: str) -> str:
    """Refuse a class name that a line of text cannot hold.

    Args:
        name (str | int): The name; a number becomes its digits.
        where (str): File and line or id, for the message.

    Returns:
        str: The name without blanks at its ends.

    Raises:
        ValueError: No text, empty, or with a line break or a control
            character.
    """
    if isinstance(name, int) and not isinstance(name, bool):
        name = str(name)
    if not isinstance(name, str) or not name.strip():
        raise ValueError(
            f'{where}: the name of a class must be a text that is not empty, '
            f'got {name!r}.'
        )
    name = name.strip()
    if any(unicodedata.category(c) in ('Cc', 'Cs', 'Zl', 'Zp') for c in name):
        raise ValueError(
            f'{where}: the class name {name!r} has a line break or a control '
            'character, which a list of a name a line cannot hold. Rename '
            'the class.'
        )
    return name


def faults_of_names(names: Sequence[str], repeat: bool = False) -> list[str]:
    """Say what makes a list of classes meaningless; [] if nothing does.

    Args:
        names (Sequence[str]): In the order of the labels.
        repeat (bool): Two classes may have one name, as ImageNet's cranes.

    Returns:
        list[str]: Sentences.
    """
    twice = [name for name, times in Counter(names).items() if times > 1]
    faults = []
    if twice and not repeat:
        faults.append(
            f'{len(twice)} class names come twice, {twice[:2]} for example. '
            'Give every class its own name.'
        )
    if names and all(name.lower() in SPLITS for name in names):
        faults.append(
            f'The classes are {list(names)}, which are names of splits: '
            'folders train/cat and val/cat were taken for the classes train '
            'and val. Convert each of them as a split of its own.'
        )
    return faults


def check_names(
    names: Sequence[str], where: str, repeat: bool = False
) -> None:
    """Raise a ValueError about what :func:`faults_of_names` finds."""
    faults = faults_of_names(names, repeat)
    if faults:
        raise ValueError(f'{where}: {" ".join(faults)}')


def difference(
    one: Sequence[str], two: Sequence[str], name_one: str, name_two: str
) -> str | None:
    """Say how two lists of classes differ.

    Labels are positions in these lists, so the same names in another order
    are other classes.

    Args:
        one (Sequence[str]): Names in the order of the labels.
        two (Sequence[str]): The same of the other.
        name_one (str): What the first list is of, 'train' for example.
        name_two (str): What the second is of.

    Returns:
        str | None: A sentence, or None for equal lists, and where one of two
        equally long lists has numbers for names.

    Example:
        >>> difference(['ant', 'bee'], ['bee', 'ant'], 'train', 'val')
        "the classes of train and val have the same names in another order: \
label 0 is 'ant' in train and 'bee' in val"
    """
    one, two = list(one), list(two)
    numbers = [str(i) for i in range(len(one))]
    if one == two or (len(one) == len(two) and numbers in (one, two)):
        return None
    head = f'the classes of {name_one} and {name_two}'
    if Counter(one) == Counter(two):
        i = next(i for i, name in enumerate(one) if name != two[i])
        return (
            f'{head} have the same names in another order: label {i} is '
            f'{one[i]!r} in {name_one} and {two[i]!r} in {name_two}'
        )
    parts = [
        f'{len(only)} names only in {where}, {only[:SHOWN]}'
        for where, only in (
            (name_one, [n for n in one if n not in set(two)]),
            (name_two, [n for n in two if n not in set(one)]),
        )
        if only
    ]
    counts = f'{len(one)} names in {name_one} and {len(two)} in {name_two}'
    return f'{head} have different names: {"; ".join([counts, *parts])}'
