import pytest
from data_trees import write

from mmspg.datasets import WSOLMetadata

pytestmark = pytest.mark.quick  # on both stacks

LOAD = [dict(type='mmspg.LoadLocImage'), dict(type='mmspg.PackLocInputs')]


def load(root, split='test', **kwargs):
    kwargs.setdefault('test_mode', split == 'test')
    return WSOLMetadata(
        str(root / 'images'), str(root / 'meta'), split, **kwargs
    )


def test_boxes_and_labels(wsol):
    data = load(wsol, pipeline=LOAD)
    a, b = (data.get_data_info(i) for i in range(2))
    assert a['ori_gt_bboxes'].tolist() == [[1, 2, 31, 21], [5, 5, 10, 10]]
    assert b['ori_gt_bboxes'].tolist() == [[0, 0, 61, 41]]  # a pixel out
    assert b['gt_bboxes'].tolist() == [[0, 0, 60, 40]]
    assert (a['gt_label'], b['gt_label']) == (0, 1)
    assert data.metainfo['classes'] == ('0', '1')
    assert data[1]['data_samples'].gt_bboxes.tolist() == [[0, 0, 60, 40]]


def test_train_needs_no_boxes(wsol):
    data = load(wsol, 'train')
    assert 'ori_gt_bboxes' not in data.get_data_info(0)
    with pytest.raises(
        ValueError, match='1 of 1 test images of .* have no box'
    ):
        load(wsol, 'train', test_mode=True)


@pytest.mark.parametrize('place', ['meta', 'meta/test'])
def test_class_names(wsol, place):
    write(wsol / place / 'class_names.txt', 'sea gull\nauk\n')
    assert load(wsol).metainfo['classes'] == ('sea gull', 'auk')
    write(wsol / place / 'class_names.txt', 'sea gull\n')
    with pytest.raises(
        ValueError, match='class_labels.txt:2: .* below 1.*class_names.txt'
    ):
        load(wsol)


def test_given_class_names(wsol):
    assert load(wsol, classes=['x', 'y']).metainfo['classes'] == ('x', 'y')
    write(wsol / 'meta/class_names.txt', 'a\nb\n')
    with pytest.raises(ValueError, match='3 classes were given.*has 2'):
        load(wsol, classes=['x', 'y', 'z'])


def test_proxy_list(wsol):
    write(wsol / 'meta/test/image_ids_proxy.txt', 'b.jpg\n')
    data = load(wsol, proxy=True)
    assert [data.get_data_info(0)['img_id']] == ['b.jpg']
    assert len(data) == 1


@pytest.mark.parametrize('how', ['missing', 'empty'])
def test_sizes_may_be_missing(wsol, how):
    (wsol / 'meta/test/image_sizes.txt').unlink()
    if how == 'empty':
        (wsol / 'meta/test/image_sizes.txt').touch()
    data = load(wsol, pipeline=LOAD)
    assert data[1]['data_samples'].gt_bboxes.tolist() == [[0, 0, 60, 40]]


def test_masks(wsol):
    write(
        wsol / 'meta/test/localization.txt',
        'a.jpg,m/a0.png,m/a_ignore.png\na.jpg,m/a1.png,\nb.jpg,m/b.png,\n',
    )
    data = load(wsol, mask_root='/masks', pipeline=LOAD)
    a, b = (data.get_data_info(i) for i in range(2))
    assert a['gt_mask_paths'] == ['/masks/m/a0.png', '/masks/m/a1.png']
    assert a['gt_ignore_path'] == '/masks/m/a_ignore.png'
    assert b['gt_ignore_path'] is None
    assert 'ori_gt_bboxes' not in a
    assert data[0]['data_samples'].gt_mask_paths == a['gt_mask_paths']


@pytest.mark.parametrize(
    'file, text, message',
    [
        ('class_labels', 'a.jpg,0\nb.jpg,x\n', 'class_labels.txt:2: .*label'),
        ('class_labels', 'a.jpg,0\nb.jpg,-1\n', 'class_labels.txt:2: .*label'),
        ('class_labels', 'a.jpg,0\n', 'disagree: 1 .*b.jpg'),
        ('class_labels', 'a.jpg,0\nb.jpg,1\nz,1\n', 'disagree: 1 .*z'),
        ('image_sizes', 'a.jpg,60,40\nb.jpg,60\n', r'image_sizes.txt:2: exp'),
        ('image_sizes', 'a.jpg,60,40\nb.jpg,60,0\n', 'image_sizes.txt:2: exp'),
        ('image_sizes', 'a.jpg,60,40\n', 'disagree: 1 .*b.jpg'),
        ('localization', 'a.jpg,1,2,3,4\n', 'disagree: 1 .*b.jpg'),
        (
            'localization',
            'a.jpg,1,2,3,4\nb.jpg,1,2,3\n',
            'localization.txt:2: expected',
        ),
        (
            'localization',
            'a.jpg,1,2,3,4\nb.jpg,1,2,3,x\n',
            'localization.txt:2: expected',
        ),
        (
            'localization',
            'a.jpg,1,2,3,4\nb.jpg,0,0,62,40\n',
            'localization.txt:2: .*outside of image b.jpg',
        ),
        (
            'localization',
            'a.jpg,1,2,3,4\nb.jpg,9,0,5,40\n',
            'localization.txt:2: .*empty',
        ),
        (
            'localization',
            'a.jpg,m.png,\nb.jpg,../../m.png,\n',
            'localization.txt:2: .*not a path inside',
        ),
        ('image_ids', 'a.jpg\n/b.jpg\n', 'image_ids.txt:2: .*not a path'),
        (
            'image_ids',
            'a.jpg\na.jpg\n',
            "image_ids.txt:2: image 'a.jpg' again",
        ),
    ],
)
def test_bad_metadata(wsol, file, text, message):
    write(wsol / f'meta/test/{file}.txt', text)
    with pytest.raises(ValueError, match=message):
        load(wsol)


def test_training_boxes_of_unknown_images(wsol):
    write(wsol / 'meta/train/localization.txt', 'x.jpg,1,2,3,4\n')
    with pytest.raises(ValueError, match='disagree: 1 .*x.jpg'):
        load(wsol, 'train')


def test_image_of_another_size(wsol):
    write(wsol / 'meta/test/image_sizes.txt', 'a.jpg,60,40\nb.jpg,90,90\n')
    data = load(wsol, pipeline=LOAD)
    with pytest.raises(ValueError, match='b.jpg is 60 x 40 .* says 90 x 90'):
        data[1]


def test_wrong_split(wsol):
    with pytest.raises(FileNotFoundError, match='val/image_ids.txt.*Set meta'):
        load(wsol, 'val')
