"""What label tools write is read, or refused with the id that is wrong."""

import json

import pytest

from mmspg.datasets.annotations import faults as f
from mmspg.datasets.annotations.coco import read_coco

pytestmark = pytest.mark.quick  # on both stacks


@pytest.fixture
def read(tmp_path):
    def run(encoding='utf-8', **changes):
        content = dict(
            images=[
                dict(id=1, file_name='a.jpg', width=60, height=40),
                dict(id=2, file_name='b.jpg'),
            ],
            annotations=[
                dict(id=5, image_id=1, category_id=3, bbox=[1, 2, 30, 20.5]),
            ],
            categories=[dict(id=4, name='dog'), dict(id=3, name='cat')],
        )
        path = tmp_path / 'coco.json'
        text = json.dumps(content | changes, ensure_ascii=False)
        path.write_text(text, encoding=encoding)
        return read_coco(str(path))

    return run


def test_what_a_file_says(read):
    coco = read()
    assert coco.classes == ['cat', 'dog']
    assert [(i.name, i.size) for i in coco.images] == [
        ('a.jpg', (60, 40)),
        ('b.jpg', None),
    ]
    ((name, box),) = coco.images[0].objects
    assert name == 'cat'
    assert box.xyxy == (1, 2, 31, 22.5)
    assert box.source.endswith('coco.json: annotation 5 of a.jpg')
    assert not coco.faults


@pytest.mark.parametrize('encoding', ['utf-8-sig', 'utf-16'])
def test_byte_order_marks(read, encoding):
    categories = [dict(id=3, name='canapé')]
    assert read(encoding, categories=categories).classes == ['canapé']


def test_names_that_are_numbers(read):
    assert read(categories=[dict(id=3, name=7)]).classes == ['7']


def test_ids_of_annotations_that_repeat_are_named(read):
    one = dict(id=5, image_id=1, category_id=3, bbox=[1, 2, 30, 20])
    coco = read(annotations=[one, one | dict(bbox=[3, 4, 9, 9])])
    assert len(coco.images[0].objects) == 2
    ((kind, (place,)),) = coco.faults.items()
    assert kind is f.REPEATED
    assert 'annotation 5 of a.jpg' in place


def test_categories_of_one_name_are_named(read):
    categories = [dict(id=i, name='cat') for i in (3, 7)]
    coco = read(categories=categories, annotations=[])
    ((kind, (place,)),) = coco.faults.items()
    assert kind is f.SAME_NAME
    assert place.endswith('coco.json: categories, id 7 (cat)')


def test_ids_of_a_table_with_gaps_are_floats(read):
    coco = read(**note(image_id=1.0))
    assert len(coco.images[0].objects) == 1


def note(**changes):
    entry = dict(id=5, image_id=1, category_id=3, bbox=[1, 2, 30, 20])
    return dict(annotations=[entry | changes])


def image(**changes):
    entry = dict(id=1, file_name='a.jpg', width=60, height=40)
    return dict(images=[entry | changes], annotations=[])


def test_crowds_are_left_out(read):
    """Their boxes are around many objects."""
    coco = read(**note(iscrowd=1))
    assert coco.images[0].objects == []
    assert not coco.faults
    assert len(read(**note(iscrowd=0)).images[0].objects) == 1


@pytest.mark.parametrize('bbox', [[1, 2, 0, 20], [1, 2, 3, -1], [], None])
def test_a_box_that_is_none_is_named(read, bbox):
    coco = read(**note(bbox=bbox))
    assert coco.images[0].objects == []
    ((kind, (place,)),) = coco.faults.items()
    assert kind is f.EMPTY_BBOX
    assert 'annotation 5 of a.jpg' in place


@pytest.mark.parametrize(
    'changes, said',
    [
        (note(bbox='1 2 3 4'), "annotation 5 of a.jpg: bbox .*'1 2 3 4'"),
        (note(bbox=[1, 2, 3]), 'annotation 5 of a.jpg: bbox'),
        (note(bbox=['1', 2, 3, 4]), 'annotation 5 of a.jpg: bbox'),
        (note(bbox=[float('nan'), 2, 3, 4]), 'annotation 5 of a.jpg: bbox'),
        (note(bbox=7), 'annotation 5 of a.jpg: bbox .* is 7'),
        (note(bbox=[-1e12, 2, 3, 4]), 'annotation 5 of a.jpg: bbox'),
        (note(bbox=[True, 2, 3, 4]), 'annotation 5 of a.jpg: bbox'),
        (image(id=1.5), 'images, number 1 .*whole number, not 1.5'),
        (note(image_id=9), r'annotation 5: no entry .* image_id 9.* \[1, 2\]'),
        (note(image_id='1'), r"no entry .* image_id '1'.* \[1, 2\]"),
        (note(image_id=[1]), 'annotation 5: no entry .* image_id'),
        (note(category_id=None), 'annotation 5: no entry .* category_id None'),
        (
            note(bbox=[0.1, 0.2, 0.3, 0.4]),
            'shares .*.once.: .*annotation 5 of a',
        ),
        (dict(annotations=['x']), 'annotations, number 1 .*object'),
        (dict(annotations={}), "'annotations' must be a list"),
        (dict(images=[dict(file_name='a')]), 'images, number 1 .* id .*None'),
        (image(file_name=7), 'images, id 1 .*file_name must be the path'),
        (image(file_name=None), 'images, id 1 .*file_name must be the path'),
        (image(width='60'), "id 1 .'a.jpg'.: width and height .*'60' and 40"),
        (image(width=-60), 'width and height must be positive .* -60 and 40'),
        (
            image(height=None),
            'width and height must be positive whole numbers',
        ),
        (
            dict(images=[dict(id=1, file_name=n) for n in 'ab']),
            "images, id 1 .'b'.: another entry has the same id",
        ),
        (
            dict(images=[dict(id=i, file_name='a') for i in (1, 2)]),
            "file_name occur more than once, for example .'a'.",
        ),
        (
            dict(categories=[dict(id=3, name=n) for n in 'ab']),
            "categories, id 3 .'b'.: another entry has the same id",
        ),
        (dict(categories=[dict(id=3)]), 'categories, id 3 .*not empty'),
        (
            dict(categories=[dict(id=3, name='a\nb')]),
            'categories, id 3 .*line break',
        ),
    ],
)
def test_what_is_refused(read, changes, said):
    with pytest.raises(ValueError, match=said) as e:
        read(**changes)
    assert 'coco.json: ' in str(e.value)


@pytest.mark.parametrize('text', ['', '[]', '{"images": []}', '[' * 100_000])
def test_no_coco_file(tmp_path, text):
    path = tmp_path / 'coco.json'
    path.write_text(text)
    with pytest.raises(ValueError, match='coco.json: '):
        read_coco(str(path))


def test_percent_is_refused(read):
    boxes = [
        dict(id=i, image_id=1, category_id=3, bbox=[i, 5, 88.5, 90])
        for i in range(10)
    ]
    image = dict(id=1, file_name='a.jpg', width=600, height=400)
    with pytest.raises(f.Refusal, match='percent .*annotation 0 of a.jpg'):
        read(images=[image], annotations=boxes)
    image.update(width=100, height=100)
    read(images=[image], annotations=boxes)
