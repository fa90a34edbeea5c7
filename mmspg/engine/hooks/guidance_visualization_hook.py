"""Watch the masks grow: Fig. 4 of the paper, after every epoch."""

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

    The images are those of the validation set; the picture goes to the
    visualizer's backends (a file, TensorBoard, W&B) as ``guidance``, with
    the epoch as its step. Random numbers of the training are not touched.

    Args:
        indices (Sequence[int]): Which images of the validation set.
            Defaults to (0, 1, 2, 3).
        interval (int): Every so many epochs. Defaults to 1.
        palette (str): See `mmspg.visualization.PALETTES`.

    Raises:
        ValueError: An index is outside of the data set.

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
        """See that the images are there."""
        total = len(runner.val_dataloader.dataset)
        wrong = [i for i in self.indices if not 0 <= i < total]
        if wrong or not self.indices:
            raise ValueError(
                f'GuidanceVisualizationHook.indices={self.indices}: numbers '
                f'from 0 to {total - 1}, of the validation set, were expected'
            )

    @master_only
    def after_train_epoch(self, runner) -> None:
        """Draw."""
        if not self.every_n_epochs(runner, self.interval):
            return
        # Here, since it imports the models, which import the registry.
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
