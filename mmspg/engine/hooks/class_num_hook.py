"""Check the classes of data sets, head and checkpoint."""

import torch
from mmengine.model import is_model_wrapper
from mmpretrain.datasets import KFoldDataset
from mmpretrain.engine.hooks import ClassNumCheckHook
from mmpretrain.models.heads import MultiLabelClsHead

from mmspg.datasets.annotations.class_lists import NOTHING, difference
from mmspg.datasets.annotations.faults import DataError
from mmspg.datasets.photographs.trained_on import (
    TRAINED_ON,
    also_trained_on,
    codes_of,
    parts_of,
)
from mmspg.registry import HOOKS
from mmspg.utils.warn import warn

MOST_COMPARED = 100_000  # images, which takes a second


@HOOKS.register_module()
class HeadClassNumHook(ClassNumCheckHook):
    """Refuse classes that differ from those of head, training or checkpoint.

    mmpretrain's hook asks every module that has ``num_classes``, so the
    number would have to stand in the data preprocessor as well. Here
    ``model.head.num_classes`` is the only place. Labels are positions in the
    list of names. So a validation or a test with another list, or with the
    same names in another order, would measure other classes.
    Each label of a batch must be one of the classes: on a GPU one that is not
    ends in an error that names neither the label nor the image.
    A head that guides is told which class is ``_nothing``, that of images
    without an object.

    Raises:
        DataError: The numbers or the names differ, there is only one class
            to train on, a label is none of the classes, or an image has not
            one class and the head learns one.
    """

    meta: dict = {}  # of the checkpoint

    def after_load_checkpoint(self, runner, checkpoint) -> None:
        """Note what the weights were trained on."""
        self.meta = checkpoint.get('meta') or {}

    def _classes_trained(self):
        return (self.meta.get('dataset_meta') or {}).get('classes')

    def before_train(self, runner) -> None:
        """Compare the classes of train with head, val and checkpoint."""
        super().before_train(runner)
        classes = _classes(runner.train_dataloader.dataset)
        several = _learns_several(runner.model)
        if classes is not None and len(classes) == 1 and not several:
            raise DataError(
                f'The data set has only one class, {classes[0]!r}, so the '
                'training would have a loss of 0 from the start and learn '
                f'nothing. Add a folder {NOTHING!r} of images without the '
                'object as a second class.'
            )
        _tell_nothing(runner.model, classes)
        if runner.val_loop is not None:
            validated = runner.val_dataloader.dataset
            _check_same(classes, _classes(validated), 'train', 'val')
            root = getattr(validated, 'data_root', None)
            both = [
                name
                for part in parts_of(runner.train_dataloader.dataset)
                if getattr(part, 'data_root', '') == root
                for name in also_trained_on(validated, codes_of(part))
            ]
            if both:
                raise DataError(
                    f'{len(both)} photographs are in train and in val, '
                    f'{both[:2]} for example, so the figures would mean '
                    'nothing. Give boxes= to the data sets of train, val and '
                    'test alike: it decides how photographs are divided.'
                )
            both = _shared(runner.train_dataloader.dataset, validated)
            if both:
                warn(
                    f'At least {len(both)} of the {len(validated)} images to '
                    f'validate on are also trained on, {both[:2]} for '
                    'example, so the figures are too good. Give '
                    'train_dataloader and val_dataloader different splits.'
                )
        trained = self._classes_trained()
        if getattr(runner, '_resume', False):
            _check_same(trained, classes, 'the checkpoint', 'train')
        elif trained and classes and {*trained} == {*classes}:
            differ = difference(trained, classes, 'load_from', 'train')
            if differ:
                warn(
                    f'{differ[0].upper()}{differ[1:]}. The classifier begins '
                    'with the weights of other classes. To begin with the '
                    'weights of the trunk alone, give --pretrained FILE '
                    'instead of load_from=FILE.'
                )

    def before_test(self, runner) -> None:
        """Compare the classes of the test with head and checkpoint."""
        # First the names: other classes cannot be tested, and the number of
        # the head, which is compared next, is that of the checkpoint.
        tested = runner.test_dataloader.dataset
        trained = self._classes_trained()
        _check_same(trained, _classes(tested), 'the checkpoint', 'the test')
        super().before_test(runner)
        both = also_trained_on(tested, self.meta.get(TRAINED_ON, ''))
        if both:
            warn(
                f'{len(both)} of the {len(tested)} test images have the names '
                f'of photographs that were trained on, {both[:2]} for '
                'example. If they are the same photographs, the figures are '
                'too good: boxes that were added after the training move '
                'some into the test. Then train again.'
            )

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Write down which photographs were trained on."""
        if codes := codes_of(runner.train_dataloader.dataset):
            checkpoint.setdefault('meta', {})[TRAINED_ON] = codes

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        """Check the labels of a batch; they are still on the CPU."""
        _check_labels(runner.model, data_batch)

    def before_val_iter(self, runner, batch_idx, data_batch=None) -> None:
        """Check the labels of a batch."""
        _check_labels(runner.model, data_batch)

    def before_test_iter(self, runner, batch_idx, data_batch=None) -> None:
        """Check the labels of a batch."""
        _check_labels(runner.model, data_batch)

    def _check_head(self, runner, dataset) -> None:
        classes = _classes(dataset)
        wanted = getattr(_head_of(runner.model), 'num_classes', None)
        if classes is None or wanted is None or len(classes) == wanted:
            return
        raise DataError(
            f'{type(dataset).__name__} has {len(classes)} classes, but '
            f'model.head.num_classes is {wanted}. Add --cfg-options '
            f'model.head.num_classes={len(classes)}, or check the data root '
            f"'{getattr(dataset, 'data_root', '')}'."
        )


def _shared(train, val) -> list[str]:
    """List images of both; of a large data set it looks at a part."""
    trained = set(_paths(train))
    return [path for path in _paths(val) if path in trained]


def _paths(dataset) -> list[str]:
    # The `get_data_info` of mmpretrain's folds counts the images of all folds.
    if isinstance(dataset, KFoldDataset):
        return []
    read = getattr(dataset, 'get_data_info', None)
    if read is None:
        return []
    some = range(0, len(dataset), -(-len(dataset) // MOST_COMPARED) or 1)
    return [path for i in some if (path := read(i).get('img_path'))]


def _learns_several(model) -> bool:
    """Whether an image may have any number of classes."""
    head = _head_of(model)
    ours = getattr(head, 'multi_label', False)
    return ours or isinstance(head, MultiLabelClsHead)


def _head_of(model):
    while is_model_wrapper(model) or not hasattr(model, 'head'):
        if not hasattr(model, 'module'):
            return None
        model = model.module
    return model.head


def _check_labels(model, batch) -> None:
    number = getattr(_head_of(model), 'num_classes', None)
    several = _learns_several(model)
    samples = batch.get('data_samples') if isinstance(batch, dict) else None
    if number is None or not isinstance(samples, list | tuple):
        return
    for sample in samples:
        labels = getattr(sample, 'gt_label', torch.empty(0)).tolist()
        if 'gt_label' in sample and len(labels) != 1 and not several:
            raise DataError(
                f'image {sample.get("img_path")} has {len(labels)} classes, '
                'and the head learns one. Add --cfg-options '
                'model.head.multi_label=True.'
            )
        for label in labels:
            if not 0 <= label < number:
                raise DataError(
                    f'image {sample.get("img_path")} has the label {label}, '
                    f'and the head has the classes 0 to {number - 1}. Check '
                    'the labels of the data set, or set '
                    'model.head.num_classes.'
                )


def _tell_nothing(model, classes) -> None:
    """Tell a head that guides which class has no object."""
    model = getattr(model, 'module', model)
    members = getattr(model, 'members', [model])
    heads = [getattr(member, 'head', None) for member in members]
    if NOTHING not in (classes or ()):
        return
    for head in heads:
        if head is not None and getattr(head, 'nothing', 0) is None:
            # It guides, and nobody said.
            head.nothing = list(classes).index(NOTHING)


def _classes(dataset):
    # The data of a program that simulates a training has no metainfo.
    return (getattr(dataset, 'metainfo', None) or {}).get('classes')


def _check_same(one, two, name_one: str, name_two: str) -> None:
    if one is None or two is None:
        return
    different = difference(one, two, name_one, name_two)
    if different:
        raise DataError(
            f'{different[0].upper()}{different[1:]}. Labels are positions in '
            'these lists. Convert both data sets with one list of classes '
            '(class_names.txt of the metadata folder), or correct the data '
            'root.'
        )
