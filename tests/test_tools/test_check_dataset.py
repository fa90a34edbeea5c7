"""tools/misc/check_dataset.py says what is wrong, how many and where."""

import json
import runpy
import sys

import pytest
from PIL import Image

from mmspg.datasets.annotations import faults as f


@pytest.fixture
def check(root, tmp_path, monkeypatch, capsys):
    """Run the tool in this process; gives exit status, output and faults."""

    def run(config, *arguments):
        out = tmp_path / 'faults.json'
        script = root / 'tools/misc/check_dataset.py'
        argv = [str(script), str(config), *arguments, '--out', str(out)]
        monkeypatch.setattr(sys, 'argv', argv)
        with pytest.raises(SystemExit) as stopped:
            runpy.run_path(str(script), run_name='__main__')
        faults = json.loads(out.read_text()) if out.is_file() else None
        return stopped.value.code, capsys.readouterr().out, faults

    return run


@pytest.fixture
def own(tmp_path):
    """Metadata of 2 training and 2 validation images, and its config."""
    photos, meta = tmp_path / 'photos', tmp_path / 'metadata'
    photos.mkdir()
    for i, name in enumerate('abcd'):
        Image.new('RGB', (60, 40), (i, 0, 0)).save(photos / f'{name}.png')
    for split, names in dict(train='ab', val='cd').items():
        (meta / split).mkdir(parents=True)
        for file, columns in dict(
            image_ids='', class_labels=',{}', image_sizes=',60,40'
        ).items():
            (meta / split / f'{file}.txt').write_text(
                ''.join(
                    f'{name}.png{columns.format(i)}\n'
                    for i, name in enumerate(names)
                )
            )
    (meta / 'val/localization.txt').write_text(
        'c.png,0,0,59,39\nd.png,10,10,20,20\n'
    )
    config = tmp_path / 'own.py'
    config.write_text(
        'data = dict(type="mmspg.WSOLMetadata", pipeline=[],\n'
        f'    data_root={str(photos)!r}, metadata_root={str(meta)!r})\n'
        'train_dataloader = dict(dataset=dict(**data, split="train"))\n'
        'val_dataloader = dict(\n'
        '    dataset=dict(**data, split="val", test_mode=True))\n'
        'test_dataloader = val_dataloader\n'
    )
    return tmp_path, config


def test_whole_data_set(check, own):
    code, printed, faults = check(own[1])
    assert code == 0, printed
    assert faults == dict(train={}, val={})  # test is val: once
    assert 'val (mmspg.WSOLMetadata): 2 images, 2 classes' in printed
    assert printed.endswith('nothing is wrong\n')


def test_each_fault_is_listed_where_it_is(check, own):
    folder, config = own
    photos = folder / 'photos'
    (photos / 'a.png').unlink()
    content = (photos / 'b.png').read_bytes()
    (photos / 'b.png').write_bytes(content[: len(content) // 2])
    Image.new('RGB', (40, 60)).save(photos / 'c.png')
    code, printed, faults = check(config, '--show', '1')
    assert code == 1
    broken = faults['train']['An image cannot be read']
    assert ['a.png' in broken[0], 'b.png' in broken[1]] == [True, True]
    (size,) = faults['val'][f.OTHER_IMAGE.what]
    assert 'c.png is 40 x 60' in size
    assert 'annotation says 60 x 40' in size
    assert '  An image cannot be read (2 times):\n' in printed
    assert '    ... and 1 more\n' in printed
    assert '    -> Fetch the file again, or train with' in printed
    assert printed.endswith('3 faults\n')


@pytest.mark.parametrize('one, other', ['ab', 'ac'])  # class, split
def test_files_of_the_same_content(check, own, one, other):
    """They are a fault in two classes or splits, not in one."""
    photos = own[0] / 'photos'
    content = (photos / f'{one}.png').read_bytes()
    (photos / f'{other}.png').write_bytes(content)
    code, printed, faults = check(own[1])
    assert code == 1
    [twins] = [
        found[what]
        for found in faults.values()
        for what in found
        if 'same content' in what
    ]
    split = 'val' if other == 'c' else 'train'
    names = f'{photos}/{one}.png (train)', f'{photos}/{other}.png ({split})'
    assert sorted(twins[0].split(' and ')) == sorted(names)
    assert printed.endswith('1 fault\n')
    path = own[0] / 'metadata/train/class_labels.txt'
    path.write_text('a.png,0\nb.png,0\n')
    if split == 'train':
        assert 'same content' not in check(own[1])[1]


def test_each_box_is_listed_where_it_is(check, own):
    path = own[0] / 'metadata/val/localization.txt'
    path.write_text(
        'c.png,0,0,59,39\nc.png,5,5,4,9\nc.png,0,0,99,39\nd.png,7,1,2,2\n'
    )
    code, _, faults = check(own[1])
    assert code == 1
    places = {
        what: [place.split(': ')[0] for place in found]
        for what, found in faults['val'].items()
    }
    assert places == {
        f.NOTHING_LEFT.what: [f'{path}:2', f'{path}:4'],
        f.OUTSIDE.what: [f'{path}:3'],
        f.NO_BOX_LEFT.what: ['d.png'],
    }
    path.write_text('c.png,.1,.2,.5,.5\nd.png,.1,.1,1,1\n')
    assert list(check(own[1])[2]['val']) == [f.SHARES.what]


def test_images_shrunk_after_annotation_are_a_note(check, own):
    Image.new('RGB', (30, 20)).save(own[0] / 'photos/c.png')
    code, printed, faults = check(own[1])
    assert code == 0
    assert faults['val'][f.RESCALED.what] == [
        'c.png is 30 x 20 (width x height) and was annotated at 60 x 40'
    ]
    assert 'its boxes are rescaled (once)' in printed


@pytest.mark.parametrize(
    'names, said',
    [('dog\ncat\n', "label 0 is 'cat'"), ('cat\nfox\n', "['fox']")],
)
def test_classes_of_val_are_those_of_train(check, own, names, said):
    meta = own[0] / 'metadata'
    (meta / 'train/class_names.txt').write_text('cat\ndog\n')
    (meta / 'val/class_names.txt').write_text(names)
    code, printed, faults = check(own[1], '--no-images')
    assert code == 1
    (fault,) = faults['val']['The classes are not those of train']
    assert said in fault
    assert 'Convert both splits with one list of classes' in printed


def test_number_of_classes(check, own):
    with own[1].open('a') as file:
        file.write('model = dict(head=dict(num_classes=5))\n')
    _, printed, faults = check(own[1], '--no-images')
    what = 'The number of classes is not that of the model'
    assert faults['train'][what] == ['2 classes, model.head.num_classes is 5']
    assert 'model.head.num_classes=' in printed


def test_one_class_alone(check, own):
    for split, names in dict(train='ab', val='cd').items():
        path = own[0] / f'metadata/{split}/class_labels.txt'
        path.write_text(''.join(f'{name}.png,0\n' for name in names))
    code, printed, _ = check(own[1], '--no-images')
    assert code == 1
    assert 'Add a folder of images without the object' in printed


def test_a_validation_without_boxes_may_lack_a_class(check, own):
    for split, missing in dict(val=0, train=1).items():
        path = own[0] / f'metadata/{split}/class_labels.txt'
        names = 'cd' if split == 'val' else 'ab'
        path.write_text(''.join(f'{name}.png,0\n' for name in names))
        (own[0] / 'metadata/class_names.txt').write_text('cat\ndog\n')
        own[1].write_text(own[1].read_text().replace('test_mode=True', ''))
        code, _, faults = check(own[1], '--no-images')
        assert code == missing
        assert len(faults['train']) == missing
        assert not faults['val']


def test_images_can_be_left_out(check, own):
    folder, config = own
    (folder / 'photos/a.png').unlink()
    assert check(config, '--no-images')[0] == 0


def test_classes_boxes_and_splits(check, own):
    folder, config = own
    meta = folder / 'metadata'
    (meta / 'class_names.txt').write_text('cat\ndog\ncat\n')
    (meta / 'val/localization.txt').write_text('')
    (meta / 'val/image_ids.txt').write_text('c.png\na.png\n')
    (meta / 'val/class_labels.txt').write_text('c.png,0\na.png,1\n')
    (meta / 'val/image_sizes.txt').write_text('c.png,60,40\na.png,60,40\n')
    code, _, faults = check(config)
    assert code == 1
    assert faults['train']['A class has no image to train on'] == ['2 cat']
    (twice,) = faults['train']['The names of classes are wrong']
    assert "more than once, for example ['cat']" in twice
    assert faults['val']['An image to test on has no box'] == [
        'c.png',
        'a.png',
    ]
    (double,) = faults['val']['An image is also in train']
    assert double.endswith('a.png')


def test_fault_of_the_format(check, own):
    folder, config = own
    path = folder / 'metadata/val/class_labels.txt'
    path.write_text('c.png,0\nd.png,many\n')
    code, _, faults = check(config)
    assert code == 1
    (fault,) = faults['val']['The annotations cannot be read']
    assert fault.startswith(f'{path}:2: expected a label')


def test_folders_of_photographs(check, root, tmp_path):
    """Training sets the number of classes, and so does the check."""
    photos = tmp_path / 'photos'
    for name in ('ant', 'bee'):
        (photos / name).mkdir(parents=True)
        for i in range(30):
            image = photos / name / f'{i}.png'
            Image.new('RGB', (60, 40)).save(image)
            if name == 'ant':
                image.with_suffix('.txt').write_text('0 .5 .5 .2 .2\n')
    (photos / 'ant/classes.txt').write_text('ant\n')
    config = root / 'configs/light/spg_efficientnet-lite0_folders.py'
    arguments = config, '--no-images', '--data-root', str(photos)
    code, printed, _ = check(*arguments)
    assert code == 0, printed
    for i in range(20):
        (photos / f'ant/{i}.txt').write_text('7 .5 .5 .2 .2\n')
    faults = check(*arguments)[2]
    assert {s: list(found) for s, found in faults.items()} == dict(
        train=[], val=[f.OTHER_CLASS.what], test=[]
    )
    assert len(faults['val'][f.OTHER_CLASS.what]) == 20


def test_masks_are_read(check, own):
    folder = own[0]
    (folder / 'metadata/val/localization.txt').write_text(
        'c.png,c_mask.png,\nd.png,d_mask.png,\n'
    )
    Image.new('L', (40, 60)).save(folder / 'photos/c_mask.png')
    (folder / 'photos/d_mask.png').write_text('no image')
    code, _, faults = check(own[1])
    assert code == 1
    (size,) = faults['val'][f.OTHER_MASK.what]
    assert 'c_mask.png is 40 x 60, and its image 60 x 40' in size
    (empty,) = faults['val']['An image has masks without a true pixel']
    assert empty.endswith('c_mask.png')
    (broken,) = faults['val']['A mask cannot be read']
    assert 'd_mask.png' in broken
    for name in 'cd':
        mask = Image.new('L', (120, 80), 255)
        mask.save(folder / f'photos/{name}_mask.png')
    assert check(own[1])[0] == 0
