"""Bring a raw score map to [0, 1] by steps, before it becomes a box.

A config lists the steps by name, ``score_map_steps=['percentile']``, or with
options, ``[dict(type='ivr', q=0.3)]``. They run in this order at the map's own
resolution. Without steps a map is min-max normalised on its image, as in the
paper.

The steps take NumPy arrays and PyTorch tensors, ``(..., h, w)``, so that an
exported graph has the same steps as the evaluation. The maps of a stack are
treated one by one. A constant map becomes zeros. The steps of
`mmspg.evaluation.functional.image_steps` come last, since they see the image.
"""

import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from inspect import signature
from typing import Any

import numpy as np

from .image_steps import IMAGE_STEPS

Step = str | dict[str, Any]


def min_max(score_map):
    """Scale a map so that its minimum becomes 0 and its maximum 1."""
    return _between(score_map, _low(score_map), _high(score_map))


def percentile(score_map, q=0.9):
    """Compute min(1, (M - min M) / q_.9(M - min M)) (Bae et al., ECCV 2020).

    A single extreme pixel no longer decides the values of all others. If the
    quantile equals the minimum, all scores above it become 1, the limit of
    the formula.

    Args:
        score_map (array | Tensor): ``(..., h, w)``, any finite range.
        q (float): The quantile that becomes 1, in (0, 1). Defaults to .9.
    """
    low = _low(score_map)
    high = _quantile(score_map, q)
    numbers = _numbers(score_map)
    return numbers.where(
        high > low,
        _between(score_map, low, high),
        numbers.sign(score_map - low),
    )


def ivr(score_map, q=0.3):
    """Compute max(0, M - q_p(M)) / max(M - q_p(M)) (IVR, Kim et al., 2021).

    Args:
        score_map (array | Tensor): ``(..., h, w)``, any finite range.
        q (float): The quantile that becomes 0, in (0, 1). Defaults to .3.
    """
    return _between(score_map, _quantile(score_map, q), _high(score_map))


def maximum(score_map):
    """Compute max(0, M) / max M: negative scores are not evidence."""
    high = _high(score_map)
    # A constant map is flat, even if it is high.
    low = _numbers(score_map).where(_low(score_map) < high, 0 * high, high)
    return _between(score_map, low, high)


STEPS = dict(min_max=min_max, percentile=percentile, ivr=ivr, max=maximum)


def apply_steps(score_map, steps: Sequence[Step]):
    """Run steps one after the other.

    Args:
        score_map (array | Tensor): ``(..., h, w)``, raw.
        steps (Sequence[str | dict]): See the module; at least one.

    Returns:
        array | Tensor: The same shape, in [0, 1]. An array with a NaN or an
        infinity becomes zeros.

    Raises:
        ValueError: A step or an option is unknown; the message lists all.
    """
    if isinstance(score_map, np.ndarray):
        with np.errstate(invalid='ignore', over='ignore'):
            if not np.isfinite(np.ptp(score_map)):
                return np.zeros_like(score_map)
    for step in checked_steps(steps, with_image=False):
        function, options = _call_of(step)
        score_map = function(score_map, **options)
    return score_map


def apply_image_steps(score_map, image, steps: Sequence[Step]):
    """Run the steps that see the image.

    Args:
        score_map (array): ``(H, W)`` in [0, 1], as it lies on the image.
        image (array): ``(H, W, 3)`` uint8 in B, G, R.
        steps (Sequence[str | dict]): From `split_steps`.

    Returns:
        ndarray: ``(H, W)`` float32 in [0, 1].
    """
    for step in steps:
        function, options = _call_of(step)
        score_map = function(score_map, image, **options)
    return score_map


def split_steps(steps: Sequence[Step]) -> tuple[list[Step], list[Step]]:
    """Part the steps of the map from those that see the image."""
    parts: tuple[list[Step], list[Step]] = ([], [])
    for step in steps:
        name = step if isinstance(step, str) else step['type']
        parts[name in IMAGE_STEPS].append(step)
    return parts


def _call_of(step: Step) -> tuple[Callable, dict[str, Any]]:
    options: dict = {'type': step} if isinstance(step, str) else dict(step)
    return _all_steps()[options.pop('type')], options


def _all_steps() -> dict[str, Callable]:
    return {**STEPS, **IMAGE_STEPS}


def checked_steps(
    steps: Sequence[Step] | None, with_image: bool = True
) -> list[Step]:
    """Check steps, and give them as JSON; a step without options is a name.

    Args:
        steps (Sequence[str | dict], optional): None are none.
        with_image (bool): Whether steps that see the image are allowed.
            Defaults to True.

    Raises:
        ValueError: A step or an option is unknown, it is not a list, or a
            step that sees the image has none or stands before another.
    """
    valid_steps = _all_steps()
    if isinstance(steps, (str, dict)):
        raise ValueError(
            f'score_map_steps={steps!r}: expected a list, [{steps!r}]'
        )
    checked: list[Step] = []
    for step in steps or ():
        options = dict(type=step) if isinstance(step, str) else dict(step)
        name = options.pop('type', None)
        if name not in valid_steps:
            near = get_close_matches(str(name), valid_steps, 1)
            raise ValueError(
                f'score_map_steps: there is no step {name!r}'
                + (f', perhaps {near[0]!r}' if near else '')
                + f'. Valid are {", ".join(valid_steps)}'
            )
        if name in IMAGE_STEPS and not with_image:
            raise ValueError(
                f'score_map_steps: {name!r} sees the image, and here are '
                'score maps alone. LocalizationMetric and the inferencer '
                'have it'
            )
        if name in STEPS and split_steps(checked)[1]:
            raise ValueError(
                f'score_map_steps: {name!r} comes after a step that sees '
                f'the image. Write these last: {", ".join(IMAGE_STEPS)}'
            )
        valid = list(signature(valid_steps[name]).parameters)
        valid = valid[1 + (name in IMAGE_STEPS) :]
        unknown = sorted(set(options) - set(valid))
        if unknown:
            raise ValueError(
                f'score_map_steps: {name!r} has no option '
                f'{", ".join(map(repr, unknown))}; valid are '
                f'{", ".join(valid) or "none"}'
            )
        _check_range(name, options.get('q', 0.5))
        if name == 'segmenter' and not options.get('file'):
            raise ValueError(
                "score_map_steps: 'segmenter' needs its file: "
                "dict(type='segmenter', file='sam.onnx')"
            )
        checked.append(dict(type=name, **options) if options else name)
    return checked


def rule_in_words(rule: str, steps: Sequence[Step]) -> str:
    """Say in words how a map becomes a box."""
    return f'{rule} of maps by {steps_in_words(steps)}' if steps else rule


def steps_in_words(steps: Sequence[Step]) -> str:
    """Name the steps in words.

    Examples:
        >>> steps_in_words(['max', dict(type='percentile', q=0.8)])
        'max, percentile(q=0.8)'
    """
    if not steps:
        return 'min-max on the image'
    words = []
    for step in steps:
        options = dict(type=step) if isinstance(step, str) else dict(step)
        name = options.pop('type')
        given = ', '.join(f'{key}={value}' for key, value in options.items())
        words.append(f'{name}({given})' if given else name)
    return ', '.join(words)


def _check_range(name, q):
    if isinstance(q, bool) or not isinstance(q, (int, float)) or not 0 < q < 1:
        raise ValueError(
            f'score_map_steps: {name!r} needs q, a share of the pixels above '
            f'0 and below 1, not {q!r}'
        )


def _numbers(score_map):
    """Give the module of the array, numpy or torch, without importing it."""
    is_array = isinstance(score_map, np.ndarray)
    return np if is_array else sys.modules['torch']


def _low(score_map):
    return _numbers(score_map).amin(score_map, axis=(-2, -1), keepdims=True)


def _high(score_map):
    return _numbers(score_map).amax(score_map, axis=(-2, -1), keepdims=True)


def _quantile(score_map, q):
    """Interpolate linearly, like `numpy.quantile`; gives ``(..., 1, 1)``."""
    flat = score_map.reshape(*score_map.shape[:-2], -1)
    if isinstance(score_map, np.ndarray):
        value = np.quantile(flat, q, axis=-1).astype(score_map.dtype)
    else:
        # torch.quantile cannot be exported. The rank is an integer, since
        # the number of cells is a symbol there.
        rank = (flat.shape[-1] - 1) * round(q * 1000)
        ordered = flat.sort(dim=-1).values
        below = ordered[..., rank // 1000]
        above = ordered[..., (rank + 999) // 1000]
        value = below + (above - below) * ((rank % 1000) / 1000)
    return value[..., None, None]


def _between(score_map, low, high):
    """Scale to 0 at ``low`` and below, and 1 at ``high`` and above."""
    numbers = _numbers(score_map)
    span = numbers.where(high > low, high - low, 1 + 0 * high)
    return numbers.clip((score_map - low) / span, 0, 1)
