"""VOC, COCO and a CSV say the same of the same images."""

import json

import numpy as np
import pytest
from PIL import Image

from mmspg.datasets import LoadLocImage, MultiLabelLoc, PackLocInputs
from mmspg.datasets.annotations.faults import NO_OBJECT

# Continuous corners; 'c' is empty, and the second box of 'b' leaves nothing.
BOXES = dict(
    a=[('dog', (2, 3, 30, 20)), ('cat', (5, 6, 25, 28))],
    b=[('cat', (1, 1, 9, 9)), ('dog', (90, 90, 99, 99))],
    c=[],
)
SIZE = 40, 32


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'images').mkdir()
    for name in BOXES:
        Image.new('RGB', SIZE).save(tmp_path / 'images' / f'{name}.png')
    (tmp_path / 'xml').mkdir()
    rows = ['image,label,x0,y0,x1,y1']
    coco = dict(
        images=[
            dict(id=i, file_name=f'{n}.png', width=SIZE[0], height=SIZE[1])
            for i, n in enumerate(BOXES)
        ],
        categories=[dict(id=3, name='dog'), dict(id=9, name='cat')],
        annotations=[],
    )
    for i, (name, objects) in enumerate(BOXES.items()):
        xml = ['<annotation><size><width>40</width><height>32</height></size>']
        for label, (x0, y0, x1, y1) in objects:
            xml.append(
                f'<object><name>{label}</name><bndbox>'
                f'<xmin>{x0 + 1}</xmin><ymin>{y0 + 1}</ymin>'
                f'<xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object>'
            )
            rows.append(f'{name}.png,{label},{x0},{y0},{x1},{y1}')
            coco['annotations'].append(
                dict(
                    id=len(coco['annotations']),
                    image_id=i,
                    category_id=3 if label == 'dog' else 9,
                    bbox=[x0, y0, x1 - x0, y1 - y0],
                )
            )
        if not objects:
            rows.append(f'{name}.png,')
        xml.append('</annotation>')
        (tmp_path / 'xml' / f'{name}.xml').write_text(''.join(xml))
    (tmp_path / 'labels.csv').write_text('\n'.join(rows))
    (tmp_path / 'coco.json').write_text(json.dumps(coco))
    (tmp_path / 'list.txt').write_text('a\nc\n')
    return tmp_path


def read(root, ann_file, **kwargs):
    kwargs = dict(dict(images='images'), **kwargs)
    return MultiLabelLoc(str(root), ann_file, **kwargs)


@pytest.mark.parametrize('ann_file', ['xml', 'coco.json', 'labels.csv'])
def test_three_formats_say_the_same(root, ann_file):
    dataset = read(root, ann_file)
    assert dataset.metainfo['classes'] == ('cat', 'dog')
    found = {
        info['img_id']: info
        for info in map(dataset.get_data_info, range(len(dataset)))
    }
    assert {n: list(i['gt_label']) for n, i in found.items()} == {
        'a.png': [0, 1],
        'b.png': [0, 1],
        'c.png': [],
    }
    a = found['a.png']
    assert a['ori_gt_bboxes'].tolist() == [[2, 3, 30, 20], [5, 6, 25, 28]]
    assert list(a['gt_bbox_labels']) == [1, 0]
    assert 'ori_gt_bboxes' not in found['c.png']


@pytest.mark.parametrize('ann_file', ['xml', 'coco.json', 'labels.csv'])
def test_a_box_that_is_dropped_takes_its_class_with_it(root, ann_file):
    dataset = read(root, ann_file, test_mode=True)
    assert [dataset.get_data_info(i)['img_id'] for i in range(2)] == [
        'a.png',
        'b.png',
    ]
    b = dataset.get_data_info(1)
    assert b['ori_gt_bboxes'].tolist() == [[1, 1, 9, 9]]
    assert list(b['gt_bbox_labels']) == [0]


def test_what_the_network_gets(root):
    pipeline = [LoadLocImage(), PackLocInputs()]
    dataset = read(root, 'labels.csv', pipeline=pipeline)
    samples = [dataset[i]['data_samples'] for i in range(3)]
    assert [s.gt_label.tolist() for s in samples] == [[0, 1], [0, 1], []]
    assert samples[0].gt_bbox_labels.tolist() == [1, 0]
    assert np.allclose(samples[0].ori_gt_bboxes[1], [5, 6, 25, 28])


@pytest.mark.parametrize('ann_file', ['xml', 'coco.json', 'labels.csv'])
def test_a_list_names_the_images_of_a_split(root, ann_file):
    dataset = read(root, ann_file, image_list='list.txt')
    assert len(dataset) == 2
    assert dataset.metainfo['classes'] == ('cat', 'dog')  # of all images


def test_classes_of_ones_own(root):
    classes = ['bird', 'cat', 'dog']
    dataset = read(root, 'xml', metainfo=dict(classes=classes))
    assert list(dataset.get_data_info(0)['gt_label']) == [1, 2]
    with pytest.raises(ValueError, match="class 'dog' is not among the 1"):
        read(root, 'xml', metainfo=dict(classes=['cat']))


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(ann_file='no.json'), 'Set ann_file to a COCO file'),
        (dict(images='no'), 'Set images'),
        (dict(ann_file='list.txt'), "the header 'image,label'"),
    ],
)
def test_what_is_missing_is_named(root, change, message):
    with pytest.raises(ValueError, match=message):
        read(root, **dict(dict(ann_file='xml'), **change))


def test_a_list_has_names_with_a_suffix_or_a_blank(root):
    Image.new('RGB', SIZE).save(root / 'images' / 'my 4.png')
    (root / 'xml/my 4.xml').write_text((root / 'xml/a.xml').read_text())
    (root / 'list.txt').write_text('a.png\nb 1\nmy 4\n')
    dataset = read(root, 'xml', image_list='list.txt')
    names = {dataset.get_data_info(i)['img_id'] for i in range(len(dataset))}
    assert names == {'a.png', 'b.png', 'my 4.png'}


@pytest.mark.parametrize('ann_file', ['xml', 'coco.json', 'labels.csv'])
def test_a_name_of_the_list_without_annotation_is_refused(root, ann_file):
    (root / 'list.txt').write_text('a\nd\n')
    with pytest.raises(ValueError, match=r'list\.txt:2: .* no annotation'):
        read(root, ann_file, image_list='list.txt')


def test_a_suffix_of_the_list_counts(root):
    Image.new('RGB', SIZE).save(root / 'images' / 'a.jpg')
    text = (root / 'labels.csv').read_text() + '\na.jpg,dog,1,1,9,9\n'
    (root / 'labels.csv').write_text(text)
    (root / 'list.txt').write_text('a.jpg\n')
    dataset = read(root, 'labels.csv', image_list='list.txt')
    assert dataset.get_data_info(0)['img_id'] == 'a.jpg'
    assert len(dataset) == 1


def test_a_test_says_how_many_images_have_no_box(root):
    dataset = read(root, 'coco.json', test_mode=True)
    assert dataset.faults[NO_OBJECT] == ['c.png']


def test_boxes_may_be_on_the_image_as_seen(root):
    info = read(root, 'xml', grid='seen').get_data_info(0)
    assert info['ann_grid'] == 'seen'
    with pytest.raises(ValueError, match='grid must be one of'):
        read(root, 'xml', grid='shown')


def test_images_are_never_mixed_up_by_their_suffix(root):
    (root / 'xml/a.xml').rename(root / 'images/a.xml')
    (root / 'xml/b.xml').rename(root / 'images/b.xml')
    found = read(root, 'images')
    assert found.get_data_info(0)['img_id'] == 'a.png'
    Image.new('RGB', SIZE).save(root / 'images' / 'a.jpg')
    with pytest.raises(ValueError, match=r'a\.jpg and a\.png'):
        read(root, 'images')
    read(root, 'labels.csv')  # which names suffixes


def test_a_table_with_columns_of_other_names_is_refused(root):
    plain = (root / 'labels.csv').read_text()
    rows = [f'{row},me' for row in plain.splitlines() if row.count(',') == 5]
    rows[0] = rows[0].replace('me', 'who')
    (root / 'labels.csv').write_text('\n'.join(rows))
    assert len(read(root, 'labels.csv')) == 2
    text = plain.replace('x0,y0,', 'xmin,ymin,')
    (root / 'labels.csv').write_text(text)
    with pytest.raises(ValueError, match='image,label,x0,y0,x1,y1'):
        read(root, 'labels.csv')
