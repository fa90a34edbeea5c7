"""Names of annotation files, as label tools write them."""

import pytest

from mmspg.datasets.annotations.matching import match_names

PATHS = ['cat/1.jpg', 'cat/2.jpg', 'dog/1.jpg', 'dog/M\u00fcller.jpg']


@pytest.mark.parametrize(
    'name, path',
    [
        ('cat/1.jpg', 'cat/1.jpg'),
        ('2.jpg', 'cat/2.jpg'),
        ('images/2.jpg', 'cat/2.jpg'),
        ('./dog/1.jpg', 'dog/1.jpg'),
        ('C:\\photos\\dog\\1.jpg', 'dog/1.jpg'),
        ('/data/photos/cat/1.jpg', 'cat/1.jpg'),
        ('dog/Mu\u0308ller.jpg', 'dog/M\u00fcller.jpg'),  # macOS
    ],
)
def test_a_name_means_one_image(name, path):
    assert match_names([name], PATHS, 'a.json', 'photos') == {name: path}


@pytest.mark.parametrize(
    'names, said',
    [
        (['1.jpg'], "a.json: '1.jpg' may be cat/1.jpg or dog/1.jpg"),
        (['x/1.jpg'], 'may be cat/1.jpg or dog/1.jpg below photos'),
        (['dog/2.jpg', 'gone.jpg'], r"2 images .*\['dog/2.jpg', 'gone.jpg'"),
        (['2.jpg', 'cat/2.jpg'], "'2.jpg' and 'cat/2.jpg' both mean"),
        ([''], '1 images'),
    ],
)
def test_a_name_that_is_not_plain(names, said):
    with pytest.raises(ValueError, match=said):
        match_names(names, PATHS, 'a.json', 'photos')


def test_a_deeper_path_does_not_hide_an_exact_one():
    paths = ['cat/1.jpg', 'more/cat/1.jpg']
    found = match_names(['cat/1.jpg'], paths, 'a.json', 'photos')
    assert found == {'cat/1.jpg': 'cat/1.jpg'}
