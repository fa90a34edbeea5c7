import shutil

import numpy as np
import pytest
from data_trees import picture, voc, write

from mmspg.datasets import ImageNetLoc
from mmspg.datasets.annotations import faults as f

VAL = 'ILSVRC2012_val_0000000'
XML = 'Annotations/CLS-LOC/val'


def val(root, **kwargs):
    return ImageNetLoc(str(root), 'val', test_mode=True, **kwargs)


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_classes_in_the_order_of_the_file(ilsvrc):
    data = ImageNetLoc(str(ilsvrc), 'train')
    assert data.metainfo['classes'] == ('tench, Tinca tinca', 'goldfish')
    ids = ['n01/n01_7.JPEG', 'n02/n02_3.JPEG', 'n02/n02_4.JPEG']
    items = [data.get_data_info(i) for i in range(3)]
    assert [i['img_id'] for i in items] == ids
    assert [i['gt_label'] for i in items] == [1, 0, 0]
    assert 'ori_gt_bboxes' not in items[0]
    assert data.get_image(0).shape == (40, 60, 3)


def test_two_classes_of_one_name(ilsvrc):
    """ImageNet has two kinds of crane."""
    write(ilsvrc / 'LOC_synset_mapping.txt', 'n02 crane\nn01 crane\n')
    assert ImageNetLoc(str(ilsvrc), 'train').metainfo['classes'] == (
        'crane',
        'crane',
    )


def test_train_list_decides(ilsvrc):
    write(
        ilsvrc / 'ImageSets/CLS-LOC/train_cls.txt',
        'n02/n02_4 1\nn01/n01_7 2\n',
    )
    data = ImageNetLoc(str(ilsvrc), 'train')
    assert data.get_gt_labels().tolist() == [0, 1]


def test_val_boxes_are_inclusive_and_several(ilsvrc):
    data = val(ilsvrc)
    one, two = (data.get_data_info(i) for i in range(2))
    assert (one['gt_label'], two['gt_label']) == (1, 0)
    assert one['ori_gt_bboxes'].tolist() == [[3, 4, 11, 13]]
    assert two['ori_gt_bboxes'].tolist() == [[0, 0, 60, 40], [5, 6, 8, 9]]
    assert two['ori_gt_bboxes'].dtype == np.float32
    assert two['ann_size'] == (60, 40)
    assert two['img_id'] == f'{VAL}2.JPEG'


def test_val_in_class_folders(ilsvrc):
    flat = [val(ilsvrc).get_data_info(i) for i in range(2)]
    folder = ilsvrc / 'Data/CLS-LOC/val'
    for number, wnid in ((1, 'n01'), (2, 'n02')):
        (folder / wnid).mkdir()
        name = f'{VAL}{number}.JPEG'
        shutil.move(folder / name, folder / wnid / name)
    data = val(ilsvrc)
    for i in range(2):
        item = data.get_data_info(i)
        assert item['gt_label'] == flat[i]['gt_label']
        assert item['img_id'].endswith(flat[i]['img_id'])
        assert data.get_image(i).shape == (40, 60, 3)
    shutil.move(folder / f'n01/{VAL}1.JPEG', folder / f'n02/{VAL}1.JPEG')
    with pytest.raises(ValueError, match='several .*classes.*n01.*n02'):
        val(ilsvrc)


def solution(root):
    return write(
        root / 'LOC_val_solution.csv',
        'ImageId,PredictionString\n'
        f'{VAL}1,n01 3 4 10 12 \n{VAL}2,n02 0 0 59 39 n02 5 6 7 8 \n',
    )


def test_csv_says_the_same_as_xml(ilsvrc):
    xml = val(ilsvrc)
    solution(ilsvrc)
    table = val(ilsvrc, boxes_from='csv')
    shutil.rmtree(ilsvrc / 'Annotations')
    auto = val(ilsvrc)
    for data in (table, auto):
        for i in range(2):
            one, two = xml.get_data_info(i), data.get_data_info(i)
            assert one['gt_label'] == two['gt_label']
            np.testing.assert_array_equal(
                one['ori_gt_bboxes'], two['ori_gt_bboxes']
            )


@pytest.mark.parametrize('root', ['', 'ILSVRC'])
def test_as_unpacked_from_kaggle(ilsvrc, tmp_path_factory, root):
    solution(ilsvrc)
    kaggle = tmp_path_factory.mktemp('kaggle')
    (kaggle / 'ILSVRC').mkdir()
    for path in ilsvrc.iterdir():
        if path.is_dir():
            shutil.move(path, kaggle / 'ILSVRC' / path.name)
        else:
            shutil.move(path, kaggle / path.name)
    assert len(ImageNetLoc(str(kaggle / root), 'train')) == 3
    assert len(val(kaggle / root)) == 2
    assert len(val(kaggle / root, boxes_from='csv')) == 2


def test_train_boxes_where_there_are_some(ilsvrc):
    write(
        ilsvrc / 'Annotations/CLS-LOC/train/n02/n02_3.xml',
        voc((60, 40), ('n02', 1, 1, 5, 5)),
    )
    data = ImageNetLoc(str(ilsvrc), 'train', train_boxes=True)
    boxed = ['ori_gt_bboxes' in data.get_data_info(i) for i in range(3)]
    assert boxed == [False, True, False]


def test_blacklist(ilsvrc, tmp_path):
    path = write(tmp_path / 'blacklist.txt', '2\n49999\n')
    data = val(ilsvrc, blacklist=str(path))
    assert [data.get_data_info(0)['img_id']] == [f'{VAL}1.JPEG']
    assert len(data) == 1
    with pytest.raises(ValueError, match='blacklist is for validation'):
        ImageNetLoc(str(ilsvrc), 'train', blacklist=str(path))


def test_wrong_root_says_what_was_looked_for(tmp_path):
    with pytest.raises(FileNotFoundError) as e:
        ImageNetLoc(str(tmp_path / 'nowhere'), 'train')
    for part in (
        'nowhere/LOC_synset_mapping.txt',
        'is not a folder',
        '--data-root',
        'MMSPG_DATA_ROOT',
    ):
        assert part in str(e.value)


def test_missing_parts_are_named(ilsvrc):
    shutil.rmtree(ilsvrc / 'Annotations')
    with pytest.raises(FileNotFoundError, match='boxes of val.*solution.csv'):
        val(ilsvrc)
    shutil.rmtree(ilsvrc / 'Data/CLS-LOC/train')
    with pytest.raises(FileNotFoundError, match='images of train.*CLS-LOC'):
        ImageNetLoc(str(ilsvrc), 'train')


def test_missing_xml(ilsvrc):
    (ilsvrc / XML / f'{VAL}2.xml').unlink()
    with pytest.raises(ValueError, match=f'disagree: 1 .*{VAL}2'):
        val(ilsvrc)


def test_xml_without_an_image(ilsvrc):
    write(ilsvrc / XML / f'{VAL}3.xml', voc((60, 40), ('n01', 1, 1, 2, 2)))
    with pytest.raises(ValueError, match=f'disagree: 1 .*{VAL}3'):
        val(ilsvrc)


def test_list_and_folder_disagree(ilsvrc):
    write(ilsvrc / 'ImageSets/CLS-LOC/val.txt', f'{VAL}1 1\n{VAL}9 2\n')
    with pytest.raises(ValueError, match=f'val.txt .*disagree: 1 .*{VAL}9'):
        val(ilsvrc)


def test_label_outside_the_classes(ilsvrc):
    edit(ilsvrc / XML / f'{VAL}1.xml', 'n01', 'n77')
    with pytest.raises(
        ValueError, match=f"{VAL}1.xml:.*'n77' is not one of the 2"
    ):
        val(ilsvrc)
    picture(ilsvrc / 'Data/CLS-LOC/train/n88/n88_1.JPEG')
    with pytest.raises(ValueError, match="'n88' is not one of the 2"):
        ImageNetLoc(str(ilsvrc), 'train')
    write(ilsvrc / 'ImageSets/CLS-LOC/train_cls.txt', 'n01/n01_7 1\nn99/x 2\n')
    with pytest.raises(ValueError, match="train_cls.txt:2: class 'n99'"):
        ImageNetLoc(str(ilsvrc), 'train')


def test_list_cannot_leave_the_root(ilsvrc):
    write(ilsvrc / 'ImageSets/CLS-LOC/train_cls.txt', '../../secret 1\n')
    with pytest.raises(ValueError, match='train_cls.txt:1: .*not a path'):
        ImageNetLoc(str(ilsvrc), 'train')


def test_bad_boxes(ilsvrc):
    xml = ilsvrc / XML / f'{VAL}1.xml'
    edit(xml, '<xmax>10<', '<xmax>70<')
    data = val(ilsvrc)
    assert data.get_data_info(0)['ori_gt_bboxes'].tolist() == [[3, 4, 60, 13]]
    (place,) = data.faults[f.OUTSIDE]
    assert f'{VAL}1.xml:12: the box from (3, 4) to (71, 13)' in place
    edit(xml, '<xmax>70<', '<xmax>2<')
    data = val(ilsvrc)
    assert [data.get_data_info(0)['img_id']] == [f'{VAL}2.JPEG']
    assert data.faults[f.NO_BOX_LEFT] == [f'{VAL}1.JPEG']
    edit(xml, '<name>', '<nome>')
    with pytest.raises(ValueError, match='xml:7: malformed XML: mismatched'):
        val(ilsvrc)


def test_no_fault_of_boxes_stops_a_training(ilsvrc):
    folder = ilsvrc / 'Annotations/CLS-LOC/train'
    write(folder / 'n01/n01_7.xml', '<annotation>')
    write(folder / 'n02/n02_3.xml', voc((9, 99), ('n02', 1, 1, 5, 5)))
    write(
        folder / 'n02/n02_4.xml',
        voc((60, 40), ('n01', 1, 1, 5, 5), ('n02', 3, 3, 70, 9)),
    )
    data = ImageNetLoc(
        str(ilsvrc),
        'train',
        train_boxes=True,
        pipeline=[dict(type='mmspg.LoadLocImage')],
    )
    items = [data[i] for i in range(3)]
    assert [item['gt_label'] for item in items] == [1, 0, 0]
    assert ['gt_bboxes' in item for item in items] == [False, False, True]
    assert items[2]['gt_bboxes'].tolist() == [[3, 3, 60, 10]]
    assert [len(some) for some in data.faults.values()] == [1, 1, 1]
    assert set(data.faults) == {f.UNREAD, f.OTHER_CLASS, f.OUTSIDE}


def test_box_a_pixel_out_is_clipped(ilsvrc):
    edit(ilsvrc / XML / f'{VAL}1.xml', '<xmax>10<', '<xmax>60<')
    item = val(ilsvrc).get_data_info(0)
    assert item['ori_gt_bboxes'][0, 2] == 61  # as annotated
    assert item['gt_bboxes'][0, 2] == 60


def test_no_object(ilsvrc):
    write(ilsvrc / XML / f'{VAL}1.xml', voc((60, 40)))
    with pytest.raises(ValueError, match=f'{VAL}1.JPEG, got .no <object>'):
        val(ilsvrc)


def test_unknown_options_list_the_known(ilsvrc):
    with pytest.raises(ValueError, match="one of .'train', 'val'"):
        ImageNetLoc(str(ilsvrc), 'test')
    with pytest.raises(ValueError, match="'auto', 'xml', 'csv'"):
        val(ilsvrc, boxes_from='json')


@pytest.mark.parametrize('listed', [False, True])
def test_all_spellings_of_suffixes(ilsvrc, listed):
    """A class whose images are .jpg does not vanish, nor its boxes."""
    train = ilsvrc / 'Data/CLS-LOC/train'
    (train / 'n01/n01_7.JPEG').rename(train / 'n01/n01_7.jpg')
    (train / 'n02/n02_3.JPEG').rename(train / 'n02/n02_3.jpeg')
    val = ilsvrc / 'Data/CLS-LOC/val'
    for path in val.iterdir():
        path.rename(path.with_suffix('.Jpg'))
    if listed:
        write(
            ilsvrc / 'ImageSets/CLS-LOC/train_cls.txt',
            'n02/n02_4 1\nn01/n01_7 2\nn02/n02_3 3\n',
        )
    found = ImageNetLoc(data_root=str(ilsvrc), split='train')
    ids = [found.get_data_info(i)['img_id'] for i in range(len(found))]
    assert sorted(ids) == [
        'n01/n01_7.jpg',
        'n02/n02_3.jpeg',
        'n02/n02_4.JPEG',
    ]
    found = ImageNetLoc(data_root=str(ilsvrc), split='val', test_mode=True)
    assert len(found) == 2
