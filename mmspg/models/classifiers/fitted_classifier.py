"""A classifier whose neck and head fit its backbone."""

from mmspg.registry import MODELS

from .views_classifier import ViewsClassifier


@MODELS.register_module()
class FittedClassifier(ViewsClassifier):
    """A :class:`ViewsClassifier` that fills in ``in_channels``.

    The neck gets the channels of the backbone's maps, and the head those of
    the last map that it sees. So a config need not state them.

    Args:
        backbone (dict): A backbone with ``out_channels``, such as
            :class:`~mmspg.models.AnyTrunk`.
        neck (dict, optional): A neck such as :class:`~mmspg.models.SPGNeck`,
            without ``in_channels``. Defaults to None.
        head (dict, optional): A head such as :class:`~mmspg.models.SPGHead`,
            without ``in_channels``. Defaults to None.
        **kwargs: Settings of :class:`ViewsClassifier`.

    Examples:
        >>> trunk = dict(type='mmspg.AnyTrunk', trunk='timm/convnext_tiny')
        >>> head = dict(type='mmspg.CAMHead', num_classes=7)
        >>> FittedClassifier(trunk, head=head).head.in_channels
        768
    """

    def __init__(
        self,
        backbone: dict,
        neck: dict | None = None,
        head: dict | None = None,
        **kwargs,
    ):
        trunk = MODELS.build(backbone)
        channels = trunk.out_channels
        if neck is not None:
            between = MODELS.build({**neck, 'in_channels': channels})
            channels = (between.out_channels,)
        if head is not None:
            head = {**head, 'in_channels': channels[-1]}
        super().__init__(trunk, neck and between, head, **kwargs)
