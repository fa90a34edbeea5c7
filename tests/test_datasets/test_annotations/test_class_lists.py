import pytest

from mmspg.datasets.annotations.class_lists import (
    alike,
    check_name,
    difference,
    faults_of_names,
    unique_names,
)

pytestmark = pytest.mark.quick  # on both stacks


@pytest.mark.parametrize(
    'name, taken', [('cat', 'cat'), (' a\xa0b ', 'a\xa0b'), (5, '5')]
)
def test_names_that_are_taken(name, taken):
    assert check_name(name, 'f:1') == taken


@pytest.mark.parametrize(
    'name', ['', ' ', None, 1.5, True, ['cat'], 'a\nb', 'a\0b', 'a\udc80']
)
def test_names_that_are_refused(name):
    with pytest.raises(ValueError, match='^f:1: .*class'):
        check_name(name, 'f:1')


def test_differences_name_both_sides():
    assert difference('ab', 'ab', 'train', 'val') is None
    assert difference('ab', ['0', '1'], 'train', 'val') is None
    order = difference('abc', 'cab', 'train', 'val')
    assert "label 0 is 'a' in train and 'c' in val" in order
    other = difference('abc', 'bcd', 'train', 'val')
    assert "1 names only in train, ['a']" in other
    assert "1 names only in val, ['d']" in other
    fewer = difference('abc', 'ab', 'train', 'val')
    assert '3 names in train and 2 in val' in fewer


def test_lists_that_mean_nothing():
    assert not faults_of_names(['cat', 'train'])
    (twice,) = faults_of_names(['cat', 'dog', 'cat'])
    assert "'cat'" in twice
    assert not faults_of_names(['crane', 'crane'], repeat=True)
    (layout,) = faults_of_names(['train', 'val'])
    assert 'names of splits' in layout


def test_names_that_are_shared_get_their_label():
    found = unique_names(['crane', 'dog', 'crane'])
    assert found == ['crane (0)', 'dog', 'crane (2)']


def test_names_that_differ_in_capitals_only_are_told():
    (said,) = alike(['Cat', 'dog', 'cat'])
    assert "['Cat', 'cat'] differ in capitals" in said
    assert not alike(['cat', 'dog'])
