"""Steps that run at the same time give what they give in turn."""

import itertools
import threading

import pytest

from mmspg.utils.overlap import ahead, behind


@pytest.mark.parametrize('count', [0, 1, 2, 3, 50])
@pytest.mark.parametrize('most', [1, 2, 5])
def test_all_items_in_their_order(count, most):
    assert list(ahead(range(count), most)) == list(range(count))
    doubled = behind(lambda x: 2 * x, range(count), most)
    assert list(doubled) == [2 * x for x in range(count)]


@pytest.mark.parametrize(
    'steps',
    [ahead, lambda items: behind(abs, items, 1)],
    ids=['ahead', 'behind'],
)
def test_an_error_comes_where_its_item_would(steps):
    def items():
        yield from (1, 2, 3)
        raise OSError('the disk is gone')

    given = steps(items())
    first = list(itertools.islice(given, 1))
    with pytest.raises(OSError, match='the disk is gone'):
        first += list(given)
    assert first == [1]


def test_an_error_of_the_step_is_raised():
    def step(x):
        return 1 / x

    results = behind(step, [1, 0, 2])
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        list(results)


def test_never_more_than_a_few_wait():
    made = itertools.count()
    items = ahead((next(made) for _ in range(1000)), 3)
    for expected in range(20):
        assert next(items) == expected
    items.close()
    assert next(made) <= 20 + 3


def test_items_are_made_by_the_thread_that_asks():
    """Predictions stay there; only boxes leave it."""
    threads, here = [], threading.get_ident()

    def items():
        for i in range(5):
            threads.append(threading.get_ident())
            yield i

    took = list(behind(lambda _: threading.get_ident(), items()))
    assert set(threads) == {here}
    assert here not in took


def test_the_steps_do_overlap():
    """Each waits for the other: in turn they would wait for ever."""
    first_step, second_item = threading.Event(), threading.Event()

    def items():
        yield 1
        assert first_step.wait(60)
        second_item.set()
        yield 2

    def step(item):
        first_step.set()
        assert second_item.wait(60)
        return item

    assert list(behind(step, items())) == [1, 2]
