"""One's own photographs: classes, parts and boxes from the folder alone."""

import json
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmengine.config import Config
from PIL import Image

from mmspg.datasets import (
    PhotoFolders,
    fit_to_photographs,
    photo_folders,
)
from mmspg.datasets.photographs.reading import divide, read_photos
from mmspg.datasets.photographs.settings import photo_settings
from mmspg.datasets.photographs.trained_on import also_trained_on

SIDE = 24


def photographs(root, classes=('ant', 'bee'), number=30, part=''):
    """Draw photographs, each in a colour of its own."""
    for k, name in enumerate(classes):
        folder = root / part / name
        folder.mkdir(parents=True)
        for i in range(number):
            image = Image.new('RGB', (SIDE, 2 * SIDE), (i * 8, k * 80, 99))
            image.save(folder / f'{i}.png')
    return root


def coco(root, boxes, name='boxes.json', category='thing'):
    """Write a COCO file; ``boxes`` are ``{file_name: xywh}``."""
    content = dict(
        images=[
            dict(id=i, file_name=file, width=SIDE, height=2 * SIDE)
            for i, file in enumerate(boxes)
        ],
        annotations=[
            dict(id=i, image_id=i, category_id=7, bbox=list(box))
            for i, box in enumerate(boxes.values())
        ],
        categories=[dict(id=7, name=category)],
    )
    (root / name).write_text(json.dumps(content))


def read(root, split='train', **kwargs):
    return PhotoFolders(str(root), split, **kwargs)


def names(dataset):
    return {dataset.get_data_info(i)['img_id'] for i in range(len(dataset))}


NAMES = st.lists(st.text(min_size=1), unique=True, max_size=60)


@given(NAMES, st.text(min_size=1))
def test_a_photograph_more_moves_no_other(some, further):
    """Each name keeps its part, and lies in one part only."""
    before = divide({'ant': some})
    after = divide({'ant': [*some, further]})
    for part in before:
        assert set(before[part]['ant']) <= set(after[part]['ant'])
    assert sorted(sum((p['ant'] for p in before.values()), [])) == sorted(some)


def test_shares_of_the_parts():
    parts = divide({c: [f'{c}/{i}' for i in range(2000)] for c in 'ab'})
    for label in 'ab':
        assert len(parts['val'][label]) == pytest.approx(300, abs=60)
        assert len(parts['test'][label]) == pytest.approx(300, abs=60)


def test_few_boxes_are_kept_for_measuring():
    some = [str(i) for i in range(1000)]
    parts = divide({'ant': some}, boxed=set(some[:100]))
    measured = {*parts['val']['ant'], *parts['test']['ant']}
    assert measured <= set(some[:100])
    assert len(measured) > 60
    assert not set(parts['val']['ant']) & set(parts['test']['ant'])


def test_folders_are_classes(tmp_path):
    photographs(tmp_path)
    parts = {part: read(tmp_path, part) for part in ('train', 'val', 'test')}
    assert all(p.metainfo['classes'] == ('ant', 'bee') for p in parts.values())
    assert sum(map(len, parts.values())) == 60
    assert len(set.union(*map(names, parts.values()))) == 60
    for sample in (parts['train'].get_data_info(i) for i in range(40)):
        assert sample['gt_label'] == sample['img_id'].startswith('bee')


def test_given_parts_are_taken_as_they_are(tmp_path):
    for part, number in (('train', 8), ('valid', 3), ('test', 2)):
        photographs(tmp_path, number=number, part=part)
    assert [
        len(read(tmp_path, part)) for part in ('train', 'val', 'test')
    ] == [16, 6, 4]


@pytest.mark.parametrize('given', ['test', 'val'])
def test_a_part_that_lacks(tmp_path, given):
    photographs(tmp_path, part='train')
    photographs(tmp_path, number=5, part=given)
    assert len(read(tmp_path, given)) == 10
    assert len(read(tmp_path, 'val')) > 0
    assert not names(read(tmp_path)) & names(read(tmp_path, 'val'))


def test_a_test_that_repeats_the_validation_says_so(tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(photo_folders, 'warn', told.append)
    photographs(tmp_path, part='train')
    photographs(tmp_path, number=5, part='val')
    read(tmp_path, 'val')
    assert told == []
    assert names(read(tmp_path, 'test')) == names(read(tmp_path, 'val'))
    assert f'There is no folder {tmp_path / "test"}' in told[0]
    assert told[0] in read_photos(str(tmp_path)).notes


def test_coco_boxes_are_of_their_photographs(tmp_path):
    photographs(tmp_path)
    coco(tmp_path, {f'bee/{i}.png': (1, 2, i + 3, 9) for i in range(20)})
    val = read(tmp_path, 'val', test_mode=True)
    assert len(val) > 3
    for i in range(len(val)):
        sample = val.get_data_info(i)
        number = int(sample['img_id'][4:-4])
        np.testing.assert_array_equal(
            sample['ori_gt_bboxes'], [[1, 2, number + 4, 11]]
        )


def test_yolo_boxes(tmp_path):
    photographs(tmp_path)
    for i in range(30):
        (tmp_path / 'ant' / f'{i}.txt').write_text('0 .5 .25 .5 .25\n')
    (tmp_path / 'classes.txt').write_text('ant\nbee\n')
    val = read(tmp_path, 'val', test_mode=True)
    assert {name[:3] for name in names(val)} == {'ant'}
    np.testing.assert_allclose(
        val.get_data_info(0)['ori_gt_bboxes'], [[6, 6, 18, 18]]
    )


def test_voc_boxes(tmp_path):
    photographs(tmp_path)
    box = '<xmin>3</xmin><ymin>5</ymin><xmax>10</xmax><ymax>20</ymax>'
    (tmp_path / 'labels').mkdir()
    for i in range(30):
        (tmp_path / 'ant' / f'{i}.png').rename(tmp_path / 'ant' / f'a{i}.png')
        (tmp_path / 'labels' / f'a{i}.xml').write_text(
            f'<annotation><size><width>{SIDE}</width><height>{2 * SIDE}'
            '</height></size><object><name>ant</name><bndbox>'
            f'{box}</bndbox></object></annotation>'
        )
    val = read(tmp_path, 'val', test_mode=True)
    np.testing.assert_array_equal(
        val.get_data_info(0)['ori_gt_bboxes'], [[2, 4, 10, 20]]
    )


def test_boxes_are_on_the_image_as_exif_turns_it(tmp_path):
    photographs(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = 6  # stored 48 x 24, seen 24 x 48
    for i in range(30):
        (tmp_path / 'ant' / f'{i}.png').unlink()
        image = Image.new('RGB', (2 * SIDE, SIDE))
        image.save(tmp_path / 'ant' / f'{i}.jpg', exif=exif)
    coco(tmp_path, {f'ant/{i}.jpg': (0, 30, 9, 18) for i in range(30)})
    val = read(
        tmp_path,
        'val',
        test_mode=True,
        pipeline=[dict(type='mmspg.LoadLocImage')],
    )
    assert val[0]['img'].shape == (2 * SIDE, SIDE, 3)
    np.testing.assert_array_equal(val[0]['gt_bboxes'], [[0, 30, 9, 48]])


def test_boxes_of_other_classes_are_not_true(tmp_path):
    photographs(tmp_path)
    coco(tmp_path, {f'bee/{i}.png': (1, 2, 3, 4) for i in range(30)}, 'a.json')
    assert len(read(tmp_path, 'val', test_mode=True)) > 3
    coco(
        tmp_path,
        {f'bee/{i}.png': (1, 2, 3, 4) for i in range(30)},
        'a.json',
        'ant',
    )
    with pytest.raises(ValueError, match='no photograph is of that class'):
        read(tmp_path, 'val', test_mode=True)


def test_boxes_of_no_photograph_are_refused(tmp_path):
    photographs(tmp_path)
    coco(tmp_path, {'wasp/1.png': (1, 2, 3, 4)})
    with pytest.raises(ValueError, match='wasp/1.png'):
        read(tmp_path)


def test_a_file_without_a_box_is_refused(tmp_path):
    photographs(tmp_path)
    (tmp_path / 'ant' / '2.txt').write_text('')
    with pytest.raises(ValueError, match=r'ant/2\.txt: .* have no box'):
        read(tmp_path)


def test_boxes_that_do_not_exist(tmp_path):
    photographs(tmp_path)
    with pytest.raises(FileNotFoundError, match="boxes 'no.json'. Correct"):
        read(tmp_path, boxes='no.json')


def test_two_kinds_of_boxes_are_refused(tmp_path):
    photographs(tmp_path)
    coco(tmp_path, {'ant/1.png': (1, 2, 3, 4)})
    (tmp_path / 'ant' / '2.txt').write_text('0 .5 .5 .5 .5\n')
    with pytest.raises(ValueError, match='as COCO and as YOLO'):
        read(tmp_path)


def test_one_class_is_refused_with_advice(tmp_path):
    photographs(tmp_path, classes=['ant'])
    with pytest.raises(ValueError, match='without the object'):
        read(tmp_path)


def test_no_folder_says_what_to_give(tmp_path):
    with pytest.raises(FileNotFoundError, match='--data-root PHOTOS'):
        read(tmp_path / 'none')


@given(st.integers(1, 10**6), st.integers(1, 128), st.booleans())
def test_settings_are_sound(images, cores, gpu):
    found = photo_settings(images, cores, gpu)
    assert 2 <= found.batch_size <= 32
    assert 3 <= found.max_epochs <= 12
    assert 1 <= found.val_interval <= found.max_epochs
    assert 0 <= found.num_workers < cores
    assert found.lr / found.batch_size == pytest.approx(1e-4 / 16)
    more = photo_settings(2 * images, cores, gpu)
    assert more.max_epochs <= found.max_epochs


def config(root, data_root):
    path = root / 'configs/light/spg_efficientnet-lite0_folders.py'
    cfg = Config.fromfile(path)
    for part in ('train', 'val', 'test'):
        cfg[f'{part}_dataloader'].dataset.data_root = str(data_root)
    return cfg


def test_the_config_is_fitted(root, tmp_path):
    photographs(tmp_path, classes=['a', 'b', 'c'])
    cfg = config(root, tmp_path)
    told = ' '.join(fit_to_photographs(cfg))
    number = len(read(tmp_path))
    expected = photo_settings(number, 2)
    assert cfg.model.head.num_classes == 3
    assert cfg.train_cfg.max_epochs == expected.max_epochs
    assert cfg.optim_wrapper.optimizer.lr == expected.lr
    assert cfg.auto_scale_lr.base_batch_size == expected.batch_size
    for part in ('train', 'val', 'test'):
        assert cfg[f'{part}_dataloader'].batch_size == expected.batch_size
    assert f'90 photographs of 3 classes ({number} train' in told


def test_without_boxes_the_class_is_validated_and_it_is_said(root, tmp_path):
    photographs(tmp_path)
    cfg = config(root, tmp_path)
    told = ' '.join(fit_to_photographs(cfg))
    assert 'cannot be measured' in told
    assert cfg.val_evaluator.type == 'Accuracy'
    assert not cfg.val_dataloader.dataset.test_mode
    coco(
        tmp_path,
        {
            f'{c}/{i}.png': (1, 2, 3, 4)
            for c in ('ant', 'bee')
            for i in range(30)
        },
    )
    cfg = config(root, tmp_path)
    assert 'cannot be measured' not in ' '.join(fit_to_photographs(cfg))
    assert cfg.val_evaluator.type == 'mmspg.LocalizationMetric'


def test_other_data_sets_are_left_alone(root):
    cfg = Config.fromfile(root / 'configs/spg_tiny_synthetic.py')
    before = cfg.pretty_text
    assert fit_to_photographs(cfg) == []
    assert cfg.pretty_text == before


def test_photographs_of_nothing_train_and_have_no_box(tmp_path):
    photographs(tmp_path, ('_nothing', 'bee'))
    coco(tmp_path, {f'bee/{i}.png': [1, 1, 5, 5] for i in range(30)})
    train = read(tmp_path)
    assert train.metainfo['classes'] == ('_nothing', 'bee')
    assert sum(n.startswith('_nothing/') for n in names(train)) == 30
    test = read(tmp_path, 'test', test_mode=True)
    assert names(test)
    assert all(name.startswith('bee/') for name in names(test))


def test_pseudo_boxes_train_and_true_boxes_measure(tmp_path):
    root = photographs(tmp_path / 'photos')
    true = {f'ant/{i}.png': [1, 1, 5, 5] for i in range(30)}
    coco(root, true)
    plain = {part: names(read(root, part)) for part in ('train', 'val')}
    path = tmp_path / 'boxes.csv'
    rows = ['image,split,class,score,confidence,x0,y0,x1,y1']
    rows += [f'{name},train,bee,.5,,2,3,6,7' for name in plain['train']]
    path.write_text('\n'.join(rows))
    train = read(root, 'train', pseudo_boxes=str(path))
    assert names(train) == plain['train']
    boxes = [
        train.get_data_info(i)['ori_gt_bboxes'].tolist()
        for i in range(len(train))
    ]
    assert boxes == [[[2, 3, 7, 8]]] * len(train)
    val = read(root, 'val', pseudo_boxes=str(path), test_mode=True)
    assert names(val) == plain['val'] & set(true)
    assert val.get_data_info(0)['ori_gt_bboxes'].tolist() == [[1, 1, 6, 6]]


def test_photographs_of_nothing_need_no_pseudo_box(tmp_path):
    root = photographs(tmp_path / 'photos', ('ant', '_nothing'))
    path = tmp_path / 'boxes.csv'
    rows = ['image,class,x0,y0,x1,y1']
    few = sorted(n for n in names(read(root)) if n.startswith('ant'))
    rows += [f'{name},ant,2,3,6,7' for name in few[: len(few) // 2 + 1]]
    path.write_text('\n'.join(rows))
    train = read(root, pseudo_boxes=str(path))
    assert any('_nothing' in name for name in names(train))


@pytest.mark.parametrize(
    'text, message',
    [
        (None, 'Label this folder'),
        ('image,class,x0,y0,x1,y1\n', 'Label this folder'),
        ('image,class\n', "no column 'x0'"),
        ('image,class,x0,y0,x1,y1\na,b,1,2,x,4\n', r'csv:2: .*x0,y0,x1,y1'),
        (
            'image,class,x0,y0,x1,y1\nant/0.png,ant,.1,.1,.5,.5\n',
            'in shares of its image .* .once.: .*boxes.csv:2',
        ),
        (
            'image,class,x0,y0,x1,y1\n'
            + ''.join(f'ant/{i}.png,ant,1,1,5,5\n' for i in range(30)),
            'of 45 photographs to train on have a usable box',
        ),
        (
            'image,class,x0,y0,x1,y1\n'
            + ''.join(f'ant/{i}.png,ant,5,5,1,1\n' for i in range(30)),
            'empty or inverted .*boxes.csv:',
        ),
    ],
)
def test_pseudo_boxes_that_are_none(tmp_path, text, message):
    root = photographs(tmp_path / 'photos')
    path = tmp_path / 'boxes.csv'
    if text is not None:
        path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read(root, pseudo_boxes=str(path))


def test_boxes_of_a_photograph_that_is_gone_go_to_no_other(tmp_path):
    photographs(tmp_path)
    (tmp_path / 'bee' / '7.png').unlink()
    boxes = {f'ant/{i}.png': (1, 2, 3, 4) for i in range(30)}
    coco(tmp_path, {**boxes, 'bee/7.png': (5, 6, 7, 8)})
    found = read_photos(str(tmp_path))
    assert found.boxes.keys() == boxes.keys()
    assert found.boxes['ant/7.png'].objects[0][1].xyxy == (1, 2, 4, 6)
    assert '1 others without a photograph' in found.notes[0]


def test_two_boxes_files_of_one_photograph_are_refused(tmp_path):
    photographs(tmp_path)
    for name in ('boxes.json', 'boxes_old.json'):
        coco(tmp_path, {'ant/7.png': (1, 2, 3, 4)}, name)
    with pytest.raises(ValueError, match=r'ant/7\.png has boxes twice, at '):
        read(tmp_path)


def test_each_folder_may_name_the_classes_of_its_yolo_files(tmp_path):
    photographs(tmp_path)
    for name in ('ant', 'bee'):
        (tmp_path / name / 'classes.txt').write_text(f'{name}\n')
        for i in range(30):
            line = '0 .5 .25 .5 .25\n'
            (tmp_path / name / f'{i}.txt').write_text(line)
    found = read_photos(str(tmp_path))
    assert len(found.boxes) == 60
    assert not found.faults
    assert len(found.notes) == 1  # nothing is left out


def test_accents_are_the_same_however_they_are_written(tmp_path):
    """macOS stores them apart from their letters in names of folders."""
    apart, composed = (
        unicodedata.normalize(f, 'Käfer') for f in ('NFD', 'NFC')
    )
    photographs(tmp_path, classes=[apart, 'bee'])
    boxes = {f'{composed}/{i}.png': (1, 2, 3, 4) for i in range(30)}
    coco(tmp_path, boxes, category=composed)
    found = read_photos(str(tmp_path))
    assert len(found.boxes) == 30
    assert composed in found.classes
    assert divide({'a': [apart]}) == {
        part: {'a': [apart] * len(some['a'])}
        for part, some in divide({'a': [composed]}).items()
    }


def test_boxes_of_the_test_alone_leave_a_validation(tmp_path):
    photographs(tmp_path, part='train')
    photographs(tmp_path, number=5, part='test')
    coco(tmp_path, {f'test/ant/{i}.png': (1, 2, 3, 4) for i in range(5)})
    assert len(read(tmp_path, 'val')) > 3


def test_too_few_boxes_are_not_called_too_few_photographs(tmp_path):
    photographs(tmp_path)
    coco(tmp_path, {'ant/7.png': (1, 2, 3, 4)})
    with pytest.raises(ValueError, match='1 photographs have boxes'):
        read(tmp_path)


def test_boxes_of_an_unknown_kind_are_refused(tmp_path):
    photographs(tmp_path)
    (tmp_path / 'boxes.csv').write_text('image,x0\n')
    with pytest.raises(ValueError, match='boxes are read from COCO'):
        read(tmp_path, boxes=str(tmp_path / 'boxes.csv'))


def test_boxes_added_later_are_known_to_move_trained_photographs(tmp_path):
    photographs(tmp_path, number=100)
    codes = read(tmp_path).trained_on
    assert also_trained_on(read(tmp_path, 'test'), codes) == []
    coco(tmp_path, {f'ant/{i}.png': (1, 2, 3, 4) for i in range(50)})
    moved = also_trained_on(read(tmp_path, 'test', test_mode=True), codes)
    assert len(moved) > 3
    assert all(name.startswith('ant/') for name in moved)


def test_pseudo_boxes_of_copies_fit_the_originals(tmp_path):
    """The copies that were labelled had half the side."""
    root = photographs(tmp_path / 'photos')
    rows = ['image,class,x0,y0,x1,y1,width,height']
    rows += [
        f'{name}/{i}.png,{name},0,3,5,8,{SIDE // 2},{SIDE}'
        for name in ('ant', 'bee')
        for i in range(30)
    ]
    path = tmp_path / 'boxes.csv'
    path.write_text('\n'.join(rows))
    train = read(
        root,
        pseudo_boxes=str(path),
        pipeline=[dict(type='mmspg.LoadLocImage')],
    )
    np.testing.assert_array_equal(train[0]['gt_bboxes'], [[0, 6, 12, 18]])


def test_a_list_of_yolo_may_lie_in_one_folder_of_all(tmp_path):
    photographs(tmp_path)
    for name in ('ant', 'bee'):
        for i in range(30):
            line = f'{int(name == "bee")} .5 .25 .5 .25\n'
            (tmp_path / name / f'{i}.txt').write_text(line)
    (tmp_path / 'ant/classes.txt').write_text('ant\nbee\n')
    assert len(read_photos(str(tmp_path)).boxes) == 60


def test_a_config_with_a_schedule_of_its_own_is_fitted(root, tmp_path):
    photographs(tmp_path)
    cfg = config(root, tmp_path)
    cfg.param_scheduler[-1].T_max = 5
    fit_to_photographs(cfg)
    assert 'T_max' not in cfg.param_scheduler[-1]


def test_a_setting_that_is_replaced_is_named(root, tmp_path):
    photographs(tmp_path)
    cfg = config(root, tmp_path)
    cfg.train_cfg.max_epochs = 1
    cfg.train_dataloader.batch_size = 7
    (said,) = [text for text in fit_to_photographs(cfg) if 'chosen' in text]
    batch, epochs = cfg.train_dataloader.batch_size, cfg.train_cfg.max_epochs
    assert batch != 7
    assert f'batch_size 7 -> {batch}, max_epochs 1 -> {epochs}, ' in said


@pytest.mark.parametrize('part', ['fold1', 'train'])
def test_folds_are_not_taken_for_classes_without_a_word(tmp_path, part):
    other = 'fold2' if part == 'fold1' else 'val'
    for folder in (part, other):
        photographs(tmp_path, part=folder)
    said = [n for n in read_photos(str(tmp_path)).notes if 'ant, bee' in n]
    assert len(said) == (part == 'fold1')
    assert all('The classes are fold1, fold2' in note for note in said)
    Image.new('RGB', (9, 9)).save(tmp_path / part / 'own.png')
    notes = read_photos(str(tmp_path)).notes
    assert not any('each has the folders' in note for note in notes)
