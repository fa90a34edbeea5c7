import numpy as np
import pytest

from mmspg.datasets import CUBLoc
from mmspg.datasets.annotations import faults as f

pytestmark = pytest.mark.quick  # on both stacks

LOAD = [dict(type='mmspg.LoadLocImage'), dict(type='mmspg.PackLocInputs')]


def test_splits_labels_and_boxes(cub):
    train, test = CUBLoc(str(cub), 'train'), CUBLoc(str(cub), 'test')
    assert train.metainfo['classes'] == ('001.Albatross', '002.Auk')
    ids = [
        [data.get_data_info(i)['img_id'] for i in range(2)]
        for data in (train, test)
    ]
    assert ids == [
        ['001.Albatross/a.jpg', '002.Auk/c.jpg'],
        ['001.Albatross/b.jpg', '002.Auk/d.jpg'],
    ]
    assert test.get_gt_labels().tolist() == [0, 1]
    box = test.get_data_info(0)['ori_gt_bboxes']
    assert box.tolist() == [[10.5, 5, 30.5, 35]]  # x, y, x + w, y + h
    assert box.dtype == np.float32


def test_loads(cub):
    data = CUBLoc(str(cub), 'test', test_mode=True, pipeline=LOAD)
    sample = data[1]['data_samples']
    assert sample.ori_shape == (40, 60)
    assert sample.gt_bboxes.tolist() == [[10.5, 5, 30.5, 35]]


def replace_line(path, number, line):
    lines = path.read_text().splitlines()
    lines[number - 1] = line
    path.write_text('\n'.join(lines) + '\n')


@pytest.mark.parametrize(
    'file, number, line, message',
    [
        ('image_class_labels', 2, '2 3', 'classes.txt, 1 to 2'),
        ('image_class_labels', 2, '2 0', 'an integer, 1 to'),
        ('image_class_labels', 2, '2 x', 'a class id'),
        ('bounding_boxes', 2, '2 10 10 5', "'image-id x y width height'"),
        ('bounding_boxes', 2, '2 1 2 3 four', 'x y width height, numbers'),
        ('bounding_boxes', 2, '2 1 2 nan 4', 'x y width height, numbers'),
        ('train_test_split', 2, '2 2', '1 for training or 0 for test'),
        ('images', 2, '2 ../../etc/passwd', 'not a path inside'),
        ('images', 2, '2', "'image-id path'"),
        ('classes', 2, '3 002.Auk', 'class 2: ids count up from 1'),
    ],
)
def test_bad_line(cub, file, number, line, message):
    replace_line(cub / f'{file}.txt', number, line)
    with pytest.raises(ValueError, match=message) as e:
        CUBLoc(str(cub), 'test', test_mode=True)
    assert f'{file}.txt:{number}: ' in str(e.value)


@pytest.mark.parametrize(
    'file', ['image_class_labels', 'train_test_split', 'bounding_boxes']
)
def test_files_that_disagree(cub, file):
    path = cub / f'{file}.txt'
    columns = 5 if file == 'bounding_boxes' else 2
    replace_line(path, 4, ' '.join(['7'] + ['1'] * (columns - 1)))
    with pytest.raises(ValueError, match=f"disagree: 1 .*{file}.txt, .* .'4'"):
        CUBLoc(str(cub), 'test', test_mode=True)


def test_no_fault_of_boxes_stops_a_training(cub):
    path = cub / 'bounding_boxes.txt'
    path.write_text('1 40 5 90 30\n2 nan 5 1 1\n')
    data = CUBLoc(str(cub), 'train', pipeline=LOAD)
    assert [data[i]['data_samples'].gt_label.item() for i in (0, 1)] == [0, 1]
    ((kind, (place,)),) = data.faults.items()
    assert kind is f.UNREAD
    assert 'disagree' in place
    path.write_text('1 40 5 90 30\n2 1 2 3 4\n3 80 5 9 9\n4 1 2 3 4\n')
    data = CUBLoc(str(cub), 'train', pipeline=LOAD)
    assert data[0]['data_samples'].gt_bboxes.tolist() == [[40, 5, 60, 35]]
    assert 'gt_bboxes' not in data[1]['data_samples']


def test_a_box_that_leaves_its_image_is_clipped_and_counted(cub):
    replace_line(cub / 'bounding_boxes.txt', 2, '2 27 6 40 36')
    data = CUBLoc(str(cub), 'test', test_mode=True, pipeline=LOAD)
    sample = data[0]['data_samples']
    assert sample.gt_bboxes.tolist() == [[27, 6, 60, 40]]
    assert sample.ori_gt_bboxes.tolist() == [[27, 6, 60, 40]]
    ((kind, (place,)),) = data.faults.items()
    assert kind is f.OUTSIDE
    assert 'bounding_boxes.txt:2: ' in place
    assert 'b.jpg, which is 60 x 40, leaves it by 7 pixels' in place


@pytest.mark.parametrize('box', ['50 5 0 30', '70 5 10 30'])
def test_an_image_without_a_box_left_is_left_out(cub, box):
    replace_line(cub / 'bounding_boxes.txt', 2, f'2 {box}')
    data = CUBLoc(str(cub), 'test', test_mode=True, pipeline=LOAD)
    assert [data.get_data_info(0)['img_id']] == ['002.Auk/d.jpg']
    assert len(data) == 1
    assert 'bounding_boxes.txt:2: ' in data.faults[f.NOTHING_LEFT][0]
    assert data.faults[f.NO_BOX_LEFT] == ['001.Albatross/b.jpg']


@pytest.mark.parametrize(
    'boxes, message',
    [
        (
            ['2 .1 .1 .5 .5', '4 0 0 1 1'],
            'in shares .*.2 times.: .*Multiply x by',
        ),
        (
            ['2 210 5 9 9', '4 210 5 9 9'],
            'mostly outside its image.* .2 times.*another res',
        ),
    ],
)
def test_boxes_that_mean_nothing_are_refused_as_a_whole(cub, boxes, message):
    for line in boxes:
        replace_line(cub / 'bounding_boxes.txt', int(line[0]), line)
    with pytest.raises(ValueError, match=message):
        CUBLoc(str(cub), 'test', test_mode=True)
    CUBLoc(str(cub), 'test')  # to train on


@pytest.mark.parametrize('gone', ['images', 'bounding_boxes', 'classes'])
def test_missing_file(cub, gone):
    (cub / f'{gone}.txt').unlink()
    with pytest.raises(FileNotFoundError, match=f'{gone}.txt.*--data-root'):
        CUBLoc(str(cub), 'train')


def test_missing_image(cub):
    (cub / 'images/001.Albatross/b.jpg').unlink()
    data = CUBLoc(str(cub), 'test', pipeline=LOAD)
    with pytest.raises(OSError, match='001.Albatross/b.jpg: No such'):
        data[0]
