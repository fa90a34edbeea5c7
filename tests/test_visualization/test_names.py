"""Names of pictures are safe on every file system, and distinct."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from mmspg.visualization.names import picture_name, safe_name

# With lone surrogates: what Python makes of a name that is no UTF-8.
TEXT = st.text(st.characters())


@given(TEXT, TEXT)
def test_names_are_safe_and_distinct(one, other):
    names = safe_name(one), safe_name(other)
    assert (names[0] == names[1]) == (one == other)
    for name in names:
        assert not set(name) & set('/\\:*?"<>|\0\n\x85\u2028')
        assert len(name.encode()) < 200


def test_long_names_stay_distinct():
    stem = 'folder/' * 100
    assert safe_name(f'{stem}1.png') != safe_name(f'{stem}2.png')
    stem = 'Möwe/' * 100
    assert safe_name(f'{stem}1.png') != safe_name(f'{stem}2.png')


def test_names_stay_readable():
    assert safe_name('Möwe groß/鳥 é#1.JPEG') == 'Möwe groß+鳥 é#1.JPEG'
    assert safe_name('a+b/50%?.png') == 'a%2Bb+50%25%3F.png'


def test_names_of_pictures_differ_on_every_disk():
    """Some take capitals, and accents in one or two signs, for one name."""
    ids = ['Ä.jpg', 'ä.jpg', 'a\u0308.jpg', 'ä.JPG', 'ä.png', 'ä.jpg.png']
    taken = set()
    names = [picture_name(id, taken) for id in ids]
    alike = {unicodedata.normalize('NFD', name).lower() for name in names}
    assert names[0] == 'Ä.png'
    assert len(alike) == len(ids)
