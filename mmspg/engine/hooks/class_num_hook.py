"""The data set's classes against those of the head."""

from mmengine.model import is_model_wrapper
from mmpretrain.engine.hooks import ClassNumCheckHook

from mmspg.registry import HOOKS


@HOOKS.register_module()
class HeadClassNumHook(ClassNumCheckHook):
    """Refuse a data set whose classes are not those of ``model.head``.

    mmpretrain's hook asks every module that has ``num_classes``, so that
    the number has to stand in the data preprocessor, too.
    ``model.head.num_classes`` is the one place here.

    Raises:
        ValueError: If the numbers differ.
    """

    def _check_head(self, runner, dataset) -> None:
        model = runner.model
        while is_model_wrapper(model) or not hasattr(model, 'head'):
            if not hasattr(model, 'module'):
                return
            model = model.module
        classes = getattr(dataset, 'metainfo', {}).get('classes')
        wanted = getattr(model.head, 'num_classes', None)
        if classes is None or wanted is None or len(classes) == wanted:
            return
        raise ValueError(
            f'{type(dataset).__name__} has {len(classes)} classes, but '
            f'model.head.num_classes is {wanted}. Add --cfg-options '
            f'model.head.num_classes={len(classes)}, or check the data root '
            f"'{getattr(dataset, 'data_root', '')}'."
        )
