import numpy as np
import pytest
from data_trees import write
from PIL import Image

from mmspg.datasets import WSOLMetadata
from mmspg.datasets.annotations import faults as f

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
    with pytest.raises(ValueError, match="another order: label 0 is 'b'"):
        load(wsol, classes=['b', 'a'])


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
    'size, right, odd, said',
    [
        ((40, 60), 0, 2, None),  # a few are only counted
        ((40, 60), 27, 3, None),
        ((40, 60), 26, 3, 'm/26.png is 40 x 60, and its image 60 x 40'),
        ((30, 40), 3, 3, 'cannot be tested on: A mask has other proportions'),
        ((30, 20), 0, 3, ''),
        ((59, 40), 0, 3, ''),
        ((32, 32), 0, 3, ''),  # squeezed as the benchmark's grid
    ],
)
def test_masks_of_other_proportions(wsol, size, right, odd, said):
    (wsol / 'images/m').mkdir()
    ids = [f'{i}.jpg' for i in range(right + odd)]
    for i, name in enumerate(ids):
        mask = Image.new('L', size if i >= right else (60, 40))
        mask.save(wsol / f'images/m/{i}.png')
        Image.new('RGB', (60, 40)).save(wsol / 'images' / name)
    for file, columns in dict(
        image_ids='', class_labels=',0', localization=',m/{}.png,'
    ).items():
        text = (f'{name}{columns.format(i)}\n' for i, name in enumerate(ids))
        write(wsol / f'meta/test/{file}.txt', ''.join(text))
    (wsol / 'meta/test/image_sizes.txt').unlink()
    if said:
        with pytest.raises(ValueError, match=said):
            load(wsol)
        return
    found = load(wsol).faults.get(f.OTHER_MASK, [])
    assert len(found) == (odd if said is None else 0)


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
            'a.jpg,.1,.2,.3,.4\nb.jpg,0.2,0.3,-0.3,-0.3\n',
            'in shares of its image .*2 times.: .*localization.txt:1; .*Mult',
        ),
        (
            'localization',
            'a.jpg,1,2,300,400\nb.jpg,90,90,99,99\n',
            'mostly outside its image.* .2 times.*localization.txt:1: .*a.jpg',
        ),
        ('image_sizes', 'a.jpg,60,40\nb.jpg,90,90\n', 'b.jpg is 60 x 40 .* '),
        (
            'class_names',
            'a\nb\na\n',
            "occur more than once, for example .'a'.",
        ),
        ('class_names', 'train\nval\n', 'names of splits'),
        (
            'class_names',
            'a\n\nb\n',
            'class_names.txt:2: .*a class name in every line',
        ),
        ('class_names', 'a\nb\0\n', 'class_names.txt:2: .*control char'),
        ('grid', 'stord\n', "grid.txt:1: .*'stored', 'seen'"),
        (
            'localization',
            'a.jpg,m.png,\nb.jpg,../../m.png,\n',
            'localization.txt:2: .*not a path inside',
        ),
        ('image_ids', 'a.jpg\n/b.jpg\n', 'image_ids.txt:2: .*not a path'),
        (
            'image_ids',
            'a.jpg\na.jpg\n',
            "image_ids.txt:2: the image 'a.jpg' is also in .*image_ids.txt:1",
        ),
    ],
)
def test_bad_metadata(wsol, file, text, message):
    write(wsol / f'meta/test/{file}.txt', text)
    with pytest.raises(ValueError, match=message):
        load(wsol)


@pytest.mark.parametrize(
    'file, text',
    [
        ('localization', 'x.jpg,1,2,3,4\n'),
        ('localization', 'c.jpg,1,2,3\n'),
        ('localization', 'c.jpg,.1,.2,.3,.4\n'),
        ('localization', 'c.jpg,9,9,1,1\n'),
        ('image_sizes', 'c.jpg,sixty,40\n'),
        ('image_sizes', 'c.jpg,90,90\n'),
    ],
)
def test_no_fault_of_boxes_stops_a_training(wsol, file, text):
    write(wsol / f'meta/train/{file}.txt', text)
    sample = load(wsol, 'train', pipeline=LOAD)[0]['data_samples']
    assert sample.gt_label.tolist() == [1]


def test_a_box_that_is_left_counts(wsol):
    write(
        wsol / 'meta/test/localization.txt',
        'a.jpg,9,9,5,5\na.jpg,5,5,99,9\nb.jpg,1,1,5,5\n'
        'b.jpg,.1,.1,.5,.5\nb.jpg,9,9,20,20\n',
    )
    data = load(wsol, pipeline=LOAD)
    boxes = [data[i]['data_samples'].gt_bboxes.tolist() for i in (0, 1)]
    assert boxes == [[[5, 5, 60, 10]], [[1, 1, 6, 6], [9, 9, 21, 21]]]
    places = {
        kind: [place.split(': ')[0][-1] for place in some]
        for kind, some in data.faults.items()
    }
    assert places == {f.NOTHING_LEFT: ['1'], f.OUTSIDE: ['2'], f.SHARES: ['4']}


def test_an_image_shrunk_after_annotation(wsol):
    write(wsol / 'meta/test/image_sizes.txt', 'a.jpg,60,40\nb.jpg,120,80\n')
    write(
        wsol / 'meta/test/localization.txt',
        'a.jpg,1,2,30,20\nb.jpg,20,10,59,49\n',
    )
    data = load(wsol, pipeline=LOAD)
    sample = data[1]['data_samples']
    assert sample.gt_bboxes.tolist() == [[10, 5, 30, 25]]
    assert sample.ori_gt_bboxes.tolist() == [[10, 5, 30, 25]]
    assert list(data.faults) == [f.RESCALED]


def turned(path, orientation, size=(60, 40)):
    """Save a picture that is dark but for a box, as seen at 5,3 to 25,18."""
    img = Image.new('RGB', size)
    img.paste((255, 255, 255), (5, 3, 25, 18))
    back = {3: Image.ROTATE_180, 6: Image.ROTATE_90, 8: Image.ROTATE_270}
    exif = Image.Exif()
    exif[0x0112] = orientation
    if orientation in back:
        img = img.transpose(back[orientation])
    img.save(path, 'JPEG', exif=exif, quality=95)


def white(img):
    ys, xs = np.nonzero(np.asarray(img).max(axis=-1) > 128)
    return [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]


@pytest.mark.parametrize('orientation', [1, 3, 6, 8])
@pytest.mark.parametrize('exif', ['auto', 'apply', 'ignore'])
def test_boxes_as_seen_are_on_the_pixels_that_are_loaded(
    wsol, orientation, exif
):
    turned(wsol / 'images/a.jpg', orientation)
    turned(wsol / 'images/b.jpg', orientation, (60, 60))
    write(wsol / 'meta/test/image_sizes.txt', 'a.jpg,60,40\nb.jpg,60,60\n')
    write(
        wsol / 'meta/test/localization.txt',
        'a.jpg,5,3,24,17\nb.jpg,5,3,24,17\n',
    )
    write(wsol / 'meta/test/grid.txt', 'seen\n')
    loader = dict(type='mmspg.LoadLocImage', exif=exif)
    for test_mode in (True, False):
        data = load(wsol, test_mode=test_mode, pipeline=[loader, LOAD[1]])
        for i in range(2):
            item = data[i]
            sample = item['data_samples']
            found = white(item['inputs'].permute(1, 2, 0))
            assert sample.gt_bboxes.tolist() == [found]
            assert sample.ori_shape == tuple(item['inputs'].shape[1:])
            assert (sample.ori_shape == (40, 60)) or i or exif == 'ignore'
    assert white(data.get_image(0)) == [5, 3, 25, 18]


def test_the_size_tells_the_grid_where_nobody_says_it(wsol):
    turned(wsol / 'images/a.jpg', 6)  # stored as 40 x 60
    turned(wsol / 'images/b.jpg', 3)
    write(
        wsol / 'meta/test/localization.txt',
        'a.jpg,5,3,24,17\nb.jpg,5,3,24,17\n',
    )
    data = load(wsol, pipeline=LOAD)
    assert list(data.faults.items()) == [(f.UNKNOWN_GRID, ['b.jpg'])]
    item = data[0]
    found = white(item['inputs'].permute(1, 2, 0))
    assert item['data_samples'].gt_bboxes.tolist() == [found]
    assert item['data_samples'].ori_shape == (60, 40)
    assert not load(wsol, grid='seen').faults


def test_a_class_without_an_image_to_train_on_is_named(wsol):
    write(wsol / 'meta/class_names.txt', 'emu\nauk\n')
    assert load(wsol, 'train').faults == {f.NO_IMAGE: ['0 emu']}


def test_a_class_that_a_split_has_not_keeps_the_numbers(wsol):
    """Without names, the highest label of any split counts."""
    write(wsol / 'meta/train/class_labels.txt', 'c.jpg,4\n')
    assert load(wsol).metainfo['classes'] == ('0', '1', '2', '3', '4')


@pytest.mark.parametrize('encoding', ['utf-8-sig', 'utf-16'])
def test_byte_order_marks(wsol, encoding):
    for file in ('image_ids', 'class_labels', 'image_sizes', 'localization'):
        path = wsol / f'meta/test/{file}.txt'
        path.write_text(path.read_text(), encoding=encoding)
    assert load(wsol).get_data_info(0)['img_id'] == 'a.jpg'


def test_wrong_split(wsol):
    with pytest.raises(FileNotFoundError, match='val/image_ids.txt.*Set meta'):
        load(wsol, 'val')
