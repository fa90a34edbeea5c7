"""Draw Fig. 4 of the paper after every epoch, to watch the masks grow."""

from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from mmengine.dataset import pseudo_collate
from mmengine.dist import master_only
from mmengine.hooks import Hook

from mmspg.datasets.images.reading import read_image
from mmspg.registry import HOOKS


@HOOKS.register_module()
class GuidanceVisualizationHook(Hook):
    """Log localization map, Mask-A, B2, B1 and C of a few fixed images.

    The images come from the validation set. The picture goes to the
    visualizer's backends (a file, TensorBoard, W&B) as ``guidance``, with
    the epoch as its step. The random numbers of the training do not change.

    Args:
        indices (Sequence[int]): Indices of the images in the validation set.
            Defaults to (0, 1, 2, 3).
        interval (int): Number of epochs between two pictures. Defaults to 1.
        palette (str): See `mmspg.visualization.PALETTES`.

    Raises:
        ValueError: An index is outside the data set.

    Examples:
        >>> custom_hooks = [dict(type='mmspg.GuidanceVisualizationHook')]
    """

    priority = 'LOW'

    def __init__(
        self,
        indices: Sequence[int] = (0, 1, 2, 3),
        interval: int = 1,
        palette: str = 'paper',
    ):
        self.indices = tuple(indices)
        self.interval = interval
        self.palette = palette

    def before_train(self, runner) -> None:
        """Check that the data set has the images."""
        if runner.val_loop is None:
            raise ValueError(
                'GuidanceVisualizationHook draws images of the validation, '
                'and there is none. Train without --no-validate, or without '
                'this hook.'
            )
        total = len(runner.val_dataloader.dataset)
        wrong = [i for i in self.indices if not 0 <= i < total]
        if wrong or not self.indices:
            raise ValueError(
                f'GuidanceVisualizationHook.indices={self.indices}: expected '
                f'numbers of images of the validation set, 0 to {total - 1}'
            )

    @master_only
    def after_train_epoch(self, runner) -> None:
        """Draw the picture."""
        if not self.every_n_epochs(runner, self.interval):
            return
        # Imported here, since it imports the models and so the registry.
        from mmspg.visualization.fig4 import draw_fig4, guidance_stages

        dataset = runner.val_dataloader.dataset
        batch = pseudo_collate([dataset[i] for i in self.indices])
        model = getattr(runner.model, 'module', runner.model)
        stages = guidance_stages(model, batch)
        samples = batch['data_samples']
        images = [
            read_image(s.img_path, s.get('exif', 'ignore'))[..., ::-1]
            for s in samples
        ]
        page = draw_fig4(images, stages, self.palette)
        canvas = FigureCanvasAgg(page)
        canvas.draw()
        picture = np.asarray(canvas.buffer_rgba())[..., :3]
        runner.visualizer.add_image(
            'guidance', np.ascontiguousarray(picture), step=runner.epoch + 1
        )
