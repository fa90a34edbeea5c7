"""Steps that run at the same time, each on the items of the one before."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

__all__ = ['ahead', 'behind']

Item = TypeVar('Item')
Result = TypeVar('Result')


def ahead(items: Iterable[Item], most: int = 2) -> Iterator[Item]:
    """Make items in a thread, before they are asked for.

    Args:
        items (Iterable): What they are made by. An error in it is raised
            where the item would have come.
        most (int): How many wait at most. Defaults to 2.

    Yields:
        The items, in their order.
    """
    making = iter(items)
    end: Any = object()
    with ThreadPoolExecutor(1) as thread:
        made = deque(thread.submit(next, making, end) for _ in range(most))
        while (item := made.popleft().result()) is not end:
            made.append(thread.submit(next, making, end))
            yield item


def behind(
    step: Callable[[Item], Result], items: Iterable[Item], most: int = 2
) -> Iterator[Result]:
    """Take a step with each item in a thread, while the next ones are made.

    Unlike with ``ahead(map(step, items))``, the items are made by the thread
    that asks for the results.

    Args:
        step (Callable): Is given an item.
        items (Iterable): The items.
        most (int): How many steps wait at most. Defaults to 2.

    Yields:
        The results, in the order of the items.
    """
    with ThreadPoolExecutor(1) as thread:
        taken: deque = deque()
        for item in items:
            taken.append(thread.submit(step, item))
            if len(taken) > most:
                yield taken.popleft().result()
        while taken:
            yield taken.popleft().result()
