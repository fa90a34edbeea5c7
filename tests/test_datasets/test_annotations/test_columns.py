"""A list that is read as columns is the list that is read line by line."""

import pickle

import numpy as np
import pytest
from data_trees import picture, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmspg.datasets import ImageNetLoc, PhotoFolders, WSOLMetadata
from mmspg.datasets.annotations import columns as columns_of
from mmspg.datasets.annotations.columns import Columns, Names

NAMES = [f'{c}/{i}.jpg' for c in 'ab' for i in range(3)]
# What people's files have, of which columns take but the first few.
SLIPS = {
    'nothing': lambda lines: None,
    'no last break': lambda lines: lines.append(lines.pop().rstrip('\n')),
    'blank line': lambda lines: lines.insert(1, '\n'),
    'blank at the end': lambda lines: lines.append('\n'),
    'order': lambda lines: lines.reverse(),
    'twice': lambda lines: lines.append(lines[0]),
    'one less': lambda lines: lines.pop(),
    'empty': lambda lines: lines.clear(),
    'spaces': lambda lines: lines.insert(0, f'  {lines.pop(0)}'),
    'windows': lambda lines: lines.append(lines.pop().replace('\n', '\r\n')),
    'up': lambda lines: lines.append('../x.jpg,1,2,3,4,5\n'),
    'umlaut': lambda lines: lines.append('ä.jpg,1,2,3,4,5\n'),
    'no number': lambda lines: lines.append('c.jpg,one,2,3,4,5\n'),
    'huge': lambda lines: lines.append(f'{lines.pop().strip()}99999999999\n'),
    'negative': lambda lines: lines.append(lines.pop().replace(',', ',-', 1)),
}
BOXES = st.tuples(*[st.integers(-3, 12) | st.floats(-2, 12, width=16)] * 4)


def outcome(build):
    """All items and faults of a data set, or its error."""
    try:
        data = build()
    except ValueError as error:
        return type(error), str(error)
    items = [data.get_data_info(i) for i in range(len(data))]
    for item in items:
        for key, value in item.items():
            if isinstance(value, np.ndarray):
                item[key] = value.dtype, value.tolist()
    return items, dict(data.faults), data.metainfo


def both(build):
    """Outcomes as columns and line by line, and whether it was columns."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns_of, 'BLOCK', 4)  # lines that are read at a time
        fast = outcome(build)
    columns = type(build().data_list) is Columns if len(fast) == 3 else False
    with pytest.MonkeyPatch.context() as patch:
        for kind in (ImageNetLoc, PhotoFolders, WSOLMetadata):
            patch.setattr(kind, 'load_columns', lambda self: None)
        return fast, outcome(build), columns


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    labels=st.lists(st.integers(0, 4), min_size=6, max_size=6),
    boxes=st.lists(st.tuples(st.sampled_from(NAMES), BOXES), max_size=5),
    optional=st.sets(st.sampled_from(['sizes', 'boxes', 'names', 'grid'])),
    slip=st.sampled_from(list(SLIPS)),
    slipped=st.sampled_from(['ids', 'labels', 'sizes', 'boxes']),
    sort=st.booleans(),
)
def test_a_split_of_metadata(
    tmp_path, labels, boxes, optional, slip, slipped, sort
):
    files = dict(
        ids=[f'{name}\n' for name in NAMES],
        labels=[f'{n},{x}\n' for n, x in zip(NAMES, labels, strict=True)],
        sizes=[f'{name},10,11\n' for name in NAMES],
        boxes=[
            f'{name},{",".join(map(str, box))}\n'
            for name, box in (sorted(boxes) if sort else boxes)
        ],
    )
    if files[slipped]:
        SLIPS[slip](files[slipped])
    if 'grid' in optional:
        write(tmp_path / 'train/grid.txt', 'seen\n')
    for name, file in (
        ('ids', 'image_ids'),
        ('labels', 'class_labels'),
        ('sizes', 'image_sizes'),
        ('boxes', 'localization'),
    ):
        path = write(tmp_path / f'train/{file}.txt', ''.join(files[name]))
        if name in ('sizes', 'boxes') and name not in optional:
            path.unlink()
    if 'grid' not in optional:
        (tmp_path / 'train/grid.txt').unlink(missing_ok=True)
    write(tmp_path / 'class_names.txt', 'p\nq\nr\ns\n')
    if 'names' not in optional:
        (tmp_path / 'class_names.txt').unlink()
    fast, slow, _ = both(
        lambda: WSOLMetadata('/images', str(tmp_path), 'train', pipeline=[])
    )
    assert fast == slow


def test_usual_metadata_is_read_as_columns(tmp_path):
    write(tmp_path / 'train/image_ids.txt', 'a/1.jpg\na/b c.jpg\nb,1.jpg\n')
    write(
        tmp_path / 'train/class_labels.txt',
        'a/1.jpg,1\na/b c.jpg,0\nb,1.jpg,1\n',
    )
    write(
        tmp_path / 'train/image_sizes.txt',
        'a/1.jpg,9,8\na/b c.jpg,7,6\nb,1.jpg,5,4\n',
    )
    # The last row and column lie a pixel out, which is no fault.
    write(
        tmp_path / 'train/localization.txt',
        'a/1.jpg,0,0,9,8\nb,1.jpg,1,1,2.5,3\nb,1.jpg,0,0,3,3\n',
    )

    def build(**kwargs):
        return WSOLMetadata(
            '/images', str(tmp_path), 'train', pipeline=[], **kwargs
        )

    fast, slow, columns = both(build)
    assert fast == slow
    assert columns
    items = fast[0]
    assert items[0]['gt_bboxes'][1] == [[0, 0, 9, 8]]
    assert 'ori_gt_bboxes' not in items[1]
    assert len(items[2]['ori_gt_bboxes'][1]) == 2
    some = build(indices=2)
    assert [some[i]['img_id'] for i in range(2)] == ['a/1.jpg', 'a/b c.jpg']
    last = build().get_data_info(-1)
    assert (last['img_id'], last['sample_idx']) == ('b,1.jpg', 2)
    copied = pickle.loads(pickle.dumps(build()))
    assert copied.get_data_info(2)['ann_size'] == (5, 4)


@pytest.mark.parametrize('listed', [True, False])
@pytest.mark.parametrize('suffix', ['JPEG', 'png'])
def test_the_training_list_of_imagenet(tmp_path, listed, suffix):
    write(tmp_path / 'LOC_synset_mapping.txt', 'n1 ant\nn2 bee\nn3 cat\n')
    images = [f'n{c}/n{c}_{i}' for c in (2, 1) for i in (5, 3)]
    for name in images:
        picture(tmp_path / f'Data/CLS-LOC/train/{name}.{suffix}')
    if listed:
        write(
            tmp_path / 'ImageSets/CLS-LOC/train_cls.txt',
            ''.join(f'{name} {i}\n' for i, name in enumerate(images)),
        )
    fast, slow, columns = both(
        lambda: ImageNetLoc(str(tmp_path), 'train', pipeline=[])
    )
    assert fast == slow
    assert columns == (suffix == 'JPEG' or not listed)
    found = [item['img_id'].split('.')[0] for item in fast[0]]
    assert found == (images if listed else sorted(images))
    if listed:
        for line in ('n1/n1_9 7\n', 'n4/n4_1 7\n', 'n1/n1_3 8\n'):
            write(tmp_path / 'ImageSets/CLS-LOC/train_cls.txt', line * 2)
            fast, slow, columns = both(
                lambda: ImageNetLoc(str(tmp_path), 'train', pipeline=[])
            )
            assert fast == slow
            assert not columns


@pytest.mark.parametrize(
    'extra, plain',
    [
        (None, True),
        ('photos/cat/in/7.jpg', True),
        ('photos/dog/größe.jpg', False),
        ('photos/dog/two\nlines.jpg', False),
        ('boxes', False),
    ],
)
def test_folders_of_photographs(tmp_path, extra, plain):
    """Boxes and unusual names are read line by line."""
    for name in ('cat', 'dog'):
        for i in range(20):
            picture(tmp_path / f'photos/{name}/{i}.jpg')
    if extra == 'boxes':
        write(tmp_path / 'photos/classes.txt', 'cat\ndog\n')
        for i in range(20):
            write(tmp_path / f'photos/dog/{i}.txt', '1 .5 .5 .2 .2\n')
    elif extra:
        picture(tmp_path / extra)
    fast, slow, columns = both(
        lambda: PhotoFolders(str(tmp_path / 'photos'), 'train', pipeline=[])
    )
    assert fast == slow
    assert columns == plain
    assert fast[0][0]['ann_grid'] == 'seen'


@given(st.lists(st.text('ab/.é \t', max_size=6), min_size=1, max_size=8))
def test_names_are_given_back(names):
    text = '\n'.join(names).encode()
    found = Names.checked(text)
    if found is not None:
        expected = text.removesuffix(b'\n').decode().split('\n')
        assert list(found) == expected
        assert len(set(expected)) == len(expected)
        assert found[-1] == expected[-1]
