"""Batch augments that know the number of classes."""

from mmpretrain.models import ImageClassifier

from mmspg.registry import MODELS


@MODELS.register_module()
class BatchAugmentClassifier(ImageClassifier):
    """CutMix or Mixup, with the number of classes from the head.

    mmpretrain's data preprocessor makes the soft targets and wants
    ``num_classes`` for itself; here ``model.head.num_classes`` is the one
    place that says it. The loss of the head must take soft targets.

    Args:
        **kwargs: Of :class:`mmpretrain.models.ImageClassifier`, with
            ``train_cfg=dict(augments=...)``.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.data_preprocessor.num_classes = self.head.num_classes
