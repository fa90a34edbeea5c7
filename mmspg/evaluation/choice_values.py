"""Refuse choices whose values make no sense, whoever wrote them."""

import math
from numbers import Real

from .functional.confidence import is_fit

STAR = ('threshold_tight', 'threshold_loose')
TYPES = dict(
    weights=str,
    rule=str,
    map_source=str,
    kind=str,
    chosen_on=str,
    figure=str,
    align_corners=bool,
    input_size=int,
)


def checked_choice(choice) -> dict:
    """Refuse everything that is not a choice.

    Raises:
        ValueError: It is not a dict, or its threshold is not a finite number
            >= 0.
    """
    if not isinstance(choice, dict):
        raise ValueError(f'it is a {type(choice).__name__}')
    check_threshold(choice.get('threshold'))
    pair = [choice[key] for key in STAR if key in choice]
    for value in pair:
        check_threshold(value, ' or '.join(STAR))
    if len(pair) == 1 or sorted(pair, reverse=True) != pair:
        raise ValueError(f'{" and ".join(STAR)} are {pair}')
    for key, kind in TYPES.items():
        value = choice.get(key)
        if value is not None and type(value) is not kind:
            raise ValueError(f'{key} is {str(value)[:50]!r}')
    check_box_step(choice)
    return choice


def check_threshold(
    value, name: str = 'threshold', rule: str | None = None
) -> None:
    """Refuse a threshold at which no map can be cut.

    Args:
        value: The threshold.
        name (str): What it is called, for the message.
        rule (str, optional): A box rule. All but 'mean', which counts in
            means of the map, cut a map in [0, 1], so no pixel is above 1.

    Raises:
        ValueError: It is not a finite number of at least 0, or is above 1
            where the rule cuts a map in [0, 1].
    """
    if (
        not isinstance(value, Real)
        or isinstance(value, bool)
        or not 0 <= value < math.inf  # type: ignore[operator]
    ):
        raise ValueError(
            f'{name} is {str(value)[:50]!r}; expected a number of at least 0'
        )
    value = float(value)
    if rule not in (None, 'mean') and value > 1:
        raise ValueError(
            f'{name} is {value:g}, and score maps lie in [0, 1]. Give a share '
            f'and not percent: {value / 100:g}'
        )


def check_ious(values, name: str) -> None:
    """Refuse an IoU that no box can have.

    Raises:
        ValueError: One is not in (0, 1].
    """
    wrong = [value for value in values if not 0 < value <= 1]
    if wrong:
        raise ValueError(
            f'{name} is {wrong[0]}; an IoU is a share in (0, 1], not percent'
        )


def check_box_step(choice: dict) -> None:
    """Refuse a malformed valley or confidence.

    Raises:
        ValueError: It would give meaningless boxes or probabilities.
    """
    valley = choice.get('valley')
    if valley is not None and not (
        isinstance(valley, float) and 0 < valley <= 1
    ):
        raise ValueError(f'valley is {str(valley)[:50]!r}')
    fit = choice.get('confidence')
    if fit is not None and not is_fit(fit):
        raise ValueError(f'confidence is {str(fit)[:50]!r}')
