"""Run the steps of a pipeline at the same time, in threads."""

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
        items (Iterable): The items. An error in it is raised in the place
            of the item.
        most (int): The largest number of items that wait. Defaults to 2.

    Yields:
        The items, in the same order.
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
        step (Callable): The function that is called with each item.
        items (Iterable): The items.
        most (int): The largest number of steps that wait. Defaults to 2.

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
