"""Tell batch augments the number of classes."""

from mmpretrain.models import ImageClassifier

from mmspg.registry import MODELS


@MODELS.register_module()
class BatchAugmentClassifier(ImageClassifier):
    """CutMix or Mixup, with the number of classes from the head.

    mmpretrain's data preprocessor makes the soft targets and has its own
    ``num_classes``. Here ``model.head.num_classes`` is the only place. The
    loss of the head must accept soft targets.

    Args:
        **kwargs: Settings of :class:`mmpretrain.models.ImageClassifier`, with
            ``train_cfg=dict(augments=...)``.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.data_preprocessor.num_classes = self.head.num_classes
