"""Training and tests end where their classes are not the same."""

from types import SimpleNamespace as Namespace

import pytest
from mmpretrain.structures import DataSample

from mmspg.datasets.annotations.faults import DataError
from mmspg.datasets.photographs.trained_on import trained_on
from mmspg.engine.hooks import HeadClassNumHook, class_num_hook

pytestmark = pytest.mark.quick  # on both stacks


def runner(train, val=None, test=None, number=None, resume=False):
    """What the hook looks at of a runner; a string has a class a letter."""

    def loader(classes):
        return Namespace(dataset=Namespace(metainfo=dict(classes=classes)))

    number = number or len(train or test)
    return Namespace(
        model=Namespace(head=Namespace(num_classes=number)),
        train_dataloader=loader(train),
        val_dataloader=loader(val),
        test_dataloader=loader(test),
        val_loop=val,
        _resume=resume,
    )


def loaded(classes):
    hook = HeadClassNumHook()
    meta = dict(dataset_meta=dict(classes=classes)) if classes else None
    hook.after_load_checkpoint(None, dict(meta=meta))
    return hook


@pytest.mark.parametrize(
    'kwargs, said',
    [
        (dict(train='abc', number=2), 'has 3 classes, but .* is 2'),
        (dict(train='abc', val='acb'), "another order: label 1 is 'b' in tr"),
        (dict(train='abc', val='bcd'), "only in train, .'a'.*only in val"),
        (dict(train=['cat']), "Add a folder '_nothing' of images without"),
    ],
)
def test_trainings_that_are_refused(kwargs, said):
    with pytest.raises(ValueError, match=said):
        HeadClassNumHook().before_train(runner(**kwargs))


def test_trainings_that_are_right(monkeypatch):
    told = []
    monkeypatch.setattr(class_num_hook, 'warn', told.append)
    HeadClassNumHook().before_train(runner('abc', val='abc'))
    HeadClassNumHook().before_train(runner('abc', val=['0', '1', '2']))
    # Weights of other classes are a start, but nothing to go on from.
    loaded('xyz').before_train(runner('abc'))
    loaded('abc').before_train(runner('abc'))
    loaded('012').before_train(runner('abc'))
    assert not told
    loaded('bac').before_train(runner('abc'))
    assert "label 0 is 'b' in load_from and 'a' in train" in told[0]
    with pytest.raises(ValueError, match='the checkpoint and train'):
        loaded('bac').before_train(runner('abc', resume=True))


def test_a_test_needs_the_classes_of_the_checkpoint():
    loaded(None).before_test(runner(None, test='abc'))
    loaded('abc').before_test(runner(None, test='abc'))
    with pytest.raises(ValueError, match='checkpoint and the test .*order'):
        loaded('cab').before_test(runner(None, test='abc'))
    # Another number for the head would not help.
    with pytest.raises(ValueError, match="only in the checkpoint, .'c'"):
        loaded('abc').before_test(runner(None, test='ab', number=3))


def test_a_head_that_guides_is_told_which_class_is_nothing():
    run = runner(['_nothing', 'bird'])
    HeadClassNumHook().before_train(run)
    assert not hasattr(run.model.head, 'nothing')  # it does not guide
    run.model.head.nothing = None
    HeadClassNumHook().before_train(run)
    assert run.model.head.nothing == 0
    last = runner(['bird', '_nothing'])
    last.model.head.nothing = None
    HeadClassNumHook().before_train(last)
    assert last.model.head.nothing == 1
    named = runner(['cat', 'bird'])
    named.model.head.nothing = None
    HeadClassNumHook().before_train(named)
    assert named.model.head.nothing is None


@pytest.mark.parametrize('stage', ['train', 'val', 'test'])
@pytest.mark.parametrize('label', [-1, 3, 10**6])
def test_a_label_outside_of_the_classes(stage, label):
    """Neither index_select's error nor a device assert on a GPU."""
    check = getattr(HeadClassNumHook(), f'before_{stage}_iter')

    def batch(*labels):
        samples = [DataSample() for _ in labels]
        for i, (sample, one) in enumerate(zip(samples, labels, strict=True)):
            sample.set_gt_label(one)
            sample.set_field(f'{i}.jpg', 'img_path', field_type='metainfo')
        return dict(data_samples=samples)

    check(runner('abc'), 0, batch(0, 2, [1]))
    several = runner('abc')
    several.model.head.multi_label = True
    check(several, 0, batch([], [0, 1]))
    for labels in ([], [0, 1]):
        with pytest.raises(DataError, match=r'1\.jpg has \d classes'):
            check(runner('abc'), 0, batch(0, labels))
    check(runner('abc'), 0, dict(inputs=[]))
    with pytest.raises(DataError, match=rf'1\.jpg has the label {label}'):
        check(several, 0, batch(0, [2, label]))


class Photographs:
    """A data set of names, as the hook looks at it."""

    def __init__(self, *names, trained=False):
        self.names = names
        self.metainfo = dict(classes='abc')
        self.data_root = 'photos'
        self.trained_on = trained_on(names) if trained else ''

    def __len__(self):
        return len(self.names)

    def get_data_info(self, i):
        return dict(img_id=self.names[i])


def test_photographs_of_the_training_are_no_test(monkeypatch):
    told = []
    monkeypatch.setattr(class_num_hook, 'warn', told.append)
    run = runner('abc', val='abc', test='abc')
    train = Photographs('a/1.jpg', 'a/2.jpg', trained=True)
    run.train_dataloader.dataset = train
    run.val_dataloader.dataset = Photographs('a/3.jpg')
    run.test_dataloader.dataset = Photographs('a/2.jpg', 'a/4.jpg')
    hook = HeadClassNumHook()
    saved = dict(meta=dict(dataset_meta=dict(classes='abc')))
    hook.before_save_checkpoint(run, saved)
    assert saved['meta']['dataset_meta'] == dict(classes='abc')  # compared
    hook.after_load_checkpoint(None, saved)
    hook.before_train(run)
    assert not told
    hook.before_test(run)
    assert told[0].startswith('1 of the 2 test images')
    run.val_dataloader.dataset = Photographs('a/2.jpg')
    with pytest.raises(DataError, match='1 photographs are in train and in v'):
        hook.before_train(run)
    run.train_dataloader.dataset = Namespace(
        dataset=train, metainfo=train.metainfo
    )
    with pytest.raises(DataError, match='1 photographs are in train'):
        hook.before_train(run)  # repeated, and the same photographs
    run.val_dataloader.dataset.data_root = 'others'
    hook.before_train(run)  # other photographs of the same names


@pytest.mark.parametrize('number', [7, 100_000, 350_000])
def test_images_to_validate_on_are_not_trained_on(monkeypatch, number):
    """It is said once; of a large data set a part is looked at."""

    class Listed(list):
        metainfo = dict(classes='ab')
        looked = 0

        def get_data_info(self, i):
            self.looked += 1
            return dict(img_path=self[i])

    said = []
    monkeypatch.setattr(class_num_hook, 'warn', said.append)
    run = runner('ab', val='ab')
    train = Listed(f'{i}.jpg' for i in range(number))
    run.train_dataloader.dataset = train
    run.val_dataloader.dataset = Listed(['a.jpg', 'b.jpg'])
    HeadClassNumHook().before_train(run)
    assert not said
    assert train.looked <= 100_000
    run.val_dataloader.dataset = Listed(train[:6])
    HeadClassNumHook().before_train(run)
    (text,) = said
    assert "of the 6 images to validate on are also trained on, ['0" in text
