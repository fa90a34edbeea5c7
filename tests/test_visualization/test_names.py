"""Names of pictures are safe on every file system, and distinct."""

from hypothesis import given
from hypothesis import strategies as st

from mmspg.visualization.names import safe_name

# With lone surrogates: what Python makes of a name that is no UTF-8.
TEXT = st.text(st.characters())


@given(TEXT, TEXT)
def test_names_are_safe_and_distinct(one, other):
    names = safe_name(one), safe_name(other)
    assert (names[0] == names[1]) == (one == other)
    for name in names:
        assert not set(name) & set('/\\:*?"<>|\0\n ')
        assert len(name.encode()) < 200


def test_long_names_stay_distinct():
    stem = 'folder/' * 100
    assert safe_name(f'{stem}1.png') != safe_name(f'{stem}2.png')
    assert safe_name('n01440764/val 1.JPEG') == 'n01440764+val%201.JPEG'
